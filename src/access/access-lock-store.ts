import { statement, type Refusal, type Tx } from '../database/index.ts'
import { refuse } from './refusal.ts'
import { builtInRoles } from './roles/built-in-roles.ts'

/**
 * What a rule speaks of has to be there, and to stay until the rule is committed. Locked in this order: project, subject, roles by
 * name; the version of rights comes last of all.
 */

const lockProject = statement<{ name: string }>(`
  select name from namespace where id = $1 and deleted_at is null and state <> 'deleting' for share`)

/** Answers its name. */
export async function holdProject(tx: Tx, id: number): Promise<string | Refusal> {
  return (await tx.one(lockProject, id))?.name ?? refuse('NOT_FOUND', { message: 'there is no such project' })
}

/** Whom something is granted to. */
export interface Subject {
  readonly kind: 'account' | 'group' | 'robot'
  readonly id: number
}

export interface HeldSubject {
  readonly name: string
  /** Of a robot: its project, if it has one. */
  readonly namespace_id: number | null
}

const lockSubject = {
  account: statement<HeldSubject>('select name, null as namespace_id from account where id = $1 and deleted_at is null for share'),
  group: statement<HeldSubject>('select name, null as namespace_id from account_group where id = $1 for share'),
  robot: statement<HeldSubject>('select name, namespace_id from robot where id = $1 and deleted_at is null for share'),
}

export async function holdSubject(tx: Tx, { kind, id }: Subject): Promise<HeldSubject | Refusal> {
  return (await tx.one(lockSubject[kind], id)) ?? refuse('INVALID', { message: `there is no such ${kind}`, field: 'subject' })
}

const lockRole = statement<{ name: string }>('select name from role where name = $1 for share')

/** Answers the first of the roles that does not exist. */
export async function holdRoles(tx: Tx, names: readonly string[]): Promise<Refusal | undefined> {
  for (const name of [...new Set(names)].sort()) {
    if (Object.hasOwn(builtInRoles, name)) continue
    if ((await tx.one(lockRole, name)) === undefined) return refuse('INVALID', { message: `there is no role "${name}"`, field: 'role' })
  }
  return undefined
}

// Through a group an administrator counts as well.
const anAdmin = statement<{ id: number }>(`
  select a.id from access_grant g
  join account a on a.id = g.subject_id and a.state = 'active' and a.deleted_at is null
  where g.namespace_id is null and g.subject_kind = 'account' and g.role = 'admin'
  union all
  select a.id from access_grant g
  join group_member m on m.group_id = g.subject_id
  join account a on a.id = m.account_id and a.state = 'active' and a.deleted_at is null
  where g.namespace_id is null and g.subject_kind = 'group' and g.role = 'admin'
  limit 1`)

/**
 * Whether somebody is left who may do everything. Asked after `bumpRights`, which lets one such transaction at a time go on from there:
 * two that each take away one of the last two cannot both find the other.
 */
export async function hasAdmin(tx: Pick<Tx, 'one'>): Promise<boolean> {
  return (await tx.one(anAdmin)) !== undefined
}
