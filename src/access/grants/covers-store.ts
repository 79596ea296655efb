import { type Database, statement } from '../../database/index.ts'
import type { Subject } from '../access-lock-store.ts'

/** A role that somebody has; without a project: in the whole system. */
export interface HeldRole {
  readonly project: string | null
  readonly role: string
}

const rolesOf = statement<HeldRole>(`
  select n.name as project, g.role from access_grant g left join namespace n on n.id = g.namespace_id
  where g.subject_kind = $1 and g.subject_id = $2 and n.deleted_at is null`)
const rolesByGroups = statement<HeldRole>(`
  select n.name as project, g.role from group_member m
  join access_grant g on g.subject_kind = 'group' and g.subject_id = m.group_id
  left join namespace n on n.id = g.namespace_id
  where m.account_id = $1 and n.deleted_at is null`)

/** Every role that somebody has, of their own and by the groups they are in. */
export async function heldRoles(database: Database, { kind, id }: Subject): Promise<readonly HeldRole[]> {
  const own = await database.all(rolesOf, kind, id)
  return kind === 'account' ? [...own, ...(await database.all(rolesByGroups, id))] : own
}
