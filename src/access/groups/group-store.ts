import { statement } from '../../database/index.ts'

export interface GroupRow {
  readonly id: number
  readonly name: string
  readonly source: string
  readonly created_at: number
}

const columns = 'id, name, source, created_at'

export const groupNamed = statement<GroupRow>(`select ${columns} from account_group where name = $1`)
export const lockGroup = statement<GroupRow>(`select ${columns} from account_group where name = $1 for update`)
export const groupPage = statement<GroupRow>(`select ${columns} from account_group where name > $1 order by name limit $2`)
/** In the order in which accounts were made: an index has them so, and a page costs the same wherever it begins. */
export const memberPage = statement<{ id: number; name: string; source: string }>(`
  select a.id, a.name, a.source from group_member m join account a on a.id = m.account_id
  where m.group_id = $1 and m.account_id > $2 order by m.account_id limit $3`)
