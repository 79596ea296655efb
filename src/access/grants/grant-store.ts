import { statement } from '../../database/index.ts'

/** Lists of grants, in the order of their ids. */

export interface GrantListRow {
  readonly id: number
  readonly prefix: string
  readonly exact: number
  readonly subject_kind: 'account' | 'group' | 'robot'
  readonly subject_id: number
  /** Null: who it was granted to is gone. */
  readonly subject: string | null
  /** Of a robot: its project. */
  readonly subject_project: string | null
  readonly role: string
  readonly created_at: number
  readonly created_by: string | null
}

const grants = (where: string) => `
  select g.id, g.prefix, g.exact, g.subject_kind, g.subject_id, coalesce(a.name, s.name, r.name) as subject, p.name as subject_project,
    g.role, g.created_at, g.created_by
  from access_grant g
  left join account a on g.subject_kind = 'account' and a.id = g.subject_id and a.deleted_at is null
  left join account_group s on g.subject_kind = 'group' and s.id = g.subject_id
  left join robot r on g.subject_kind = 'robot' and r.id = g.subject_id and r.deleted_at is null
  left join namespace p on p.id = r.namespace_id
  where ${where}`

export const grantsInProject = statement<GrantListRow>(`${grants('g.namespace_id = $1 and g.id > $2')} order by g.id limit $3`)
export const grantsInSystem = statement<GrantListRow>(`${grants('g.namespace_id is null and g.id > $1')} order by g.id limit $2`)
