import { statement } from '../../database/index.ts'

export interface AccountRow {
  readonly id: number
  readonly name: string
  readonly email: string | null
  readonly display_name: string | null
  readonly source: string
  readonly subject: string | null
  readonly password_hash: string | null
  readonly must_change: number
  readonly state: 'active' | 'disabled'
  readonly version: number
  readonly created_at: number
  readonly last_login_at: number | null
}

const columns =
  'id, name, email, display_name, source, subject, password_hash, must_change, state, version, created_at, last_login_at'
const named = `select ${columns} from account where name = $1 and deleted_at is null`

export const accountNamed = statement<AccountRow>(named)
export const lockAccount = statement<AccountRow>(`${named} for update`)
export const accountById = statement<AccountRow>(`select ${columns} from account where id = $1 and deleted_at is null`)
export const accountPage = statement<AccountRow>(`
  select ${columns} from account where name > $1 and deleted_at is null order by name limit $2`)

export const groupsOfAccount = statement<{ id: number; name: string }>(`
  select g.id, g.name from group_member m join account_group g on g.id = m.group_id where m.account_id = $1 order by m.group_id`)
