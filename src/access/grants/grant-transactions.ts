import { statement, transaction, type Refusal, type Tx } from '../../database/index.ts'
import { bumpDecided, record, type EventActor } from '../../record/index.ts'
import { hasAdmin, holdProject, holdRoles, holdSubject, type Subject } from '../access-lock-store.ts'
import { formatPathPattern, type PathPattern } from '../path-pattern.ts'
import { refuse } from '../refusal.ts'

export interface AddGrantInput {
  readonly actor: EventActor
  /** Absent: in the whole system. */
  readonly project: number | undefined
  readonly pattern: PathPattern
  readonly subject: Subject
  readonly role: string
}

const insert = statement<{ id: number }>(`
  insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at, created_by)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`)

/**
 * Of one subject in one place. All that somebody was granted is loaded when rights change: whoever administers a project could make that
 * slow for anybody, by granting a million parts of it.
 */
const mostGrants = 2_000
const countGrants = statement<{ count: number }>(`
  select count(*) as count from access_grant where subject_kind = $1 and subject_id = $2 and coalesce(namespace_id, 0) = $3`)

/** Refuses with NOT_FOUND (the project), INVALID, EXISTS or TOO_MANY. Answers its id. */
export const addGrant = transaction('add grant', async (tx: Tx, input: AddGrantInput) => {
  const { actor, project, pattern, subject, role } = input
  const described = await describe(tx, input)
  if ('refused' in described) return described
  if (((await tx.one(countGrants, subject.kind, subject.id, project ?? 0))?.count ?? 0) >= mostGrants) return refuse('TOO_MANY')
  const place = [project ?? null, pattern.prefix, pattern.exact ? 1 : 0]
  const added = await tx.one(insert, ...place, subject.kind, subject.id, role, tx.now, actor.identity ?? null)
  if (added === undefined) return refuse('EXISTS', { message: 'this is granted already' })
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { id: added.id, before: null, after: described }
  return await record(tx, { kind: 'grant.add', actor, repositoryId: undefined, keys }, { id: added.id })
})

/** What is granted, in names, when everything it speaks of is there. */
async function describe(tx: Tx, { project, pattern, subject, role }: AddGrantInput) {
  const name = project === undefined ? null : await holdProject(tx, project)
  if (name !== null && typeof name !== 'string') return name
  const held = await holdSubject(tx, subject)
  if ('refused' in held) return held
  const misplaced = misplacement(project, pattern, role, subject, held.namespace_id)
  if (misplaced !== undefined) return misplaced
  const unknown = await holdRoles(tx, [role])
  if (unknown !== undefined) return unknown
  return { project: name, path: formatPathPattern(pattern), subject: { ...subject, name: held.name }, role }
}

/** Such grants would be there and never count: refused, so that nobody takes them for what they look like. */
function misplacement(
  project: number | undefined,
  pattern: PathPattern,
  role: string,
  subject: Subject,
  robotProject: number | null,
): Refusal | undefined {
  if (project !== undefined && role === 'admin') return refuse('INVALID', { message: 'the role admin is of the whole system', field: 'role' })
  if (project === undefined && (pattern.exact || pattern.prefix !== '')) return refuse('INVALID', { message: 'a pattern of repositories needs a project', field: 'path' })
  if (subject.kind === 'robot' && robotProject !== null && robotProject !== project) {
    return refuse('INVALID', { message: 'the robot belongs to another project', field: 'subject' })
  }
  return undefined
}

export interface RemoveGrantInput {
  readonly actor: EventActor
  /** Where it has to be; absent: in the whole system. */
  readonly project: number | undefined
  readonly id: number
}

interface GrantRow {
  readonly prefix: string
  readonly exact: number
  readonly subject_kind: 'account' | 'group' | 'robot'
  readonly subject_id: number
  readonly role: string
}

const remove = statement<GrantRow>(`
  delete from access_grant where id = $1 and coalesce(namespace_id, 0) = $2
  returning prefix, exact, subject_kind, subject_id, role`)

/** Refuses with NOT_FOUND, and with LAST_ADMIN when nobody would be left who may do everything. */
export const removeGrant = transaction('remove grant', async (tx: Tx, { actor, project, id }: RemoveGrantInput) => {
  const removed = await tx.one(remove, id, project ?? 0)
  if (removed === undefined) return refuse('NOT_FOUND')
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  if (project === undefined && removed.role === 'admin' && !(await hasAdmin(tx))) return refuse('LAST_ADMIN')
  const { prefix, exact, subject_kind: kind, subject_id: subjectId, role } = removed
  const before = { project: project ?? null, path: formatPathPattern({ prefix, exact: exact !== 0 }), subject: { kind, id: subjectId }, role }
  return await record(tx, { kind: 'grant.remove', actor, repositoryId: undefined, keys: { id, before, after: null } }, null)
})
