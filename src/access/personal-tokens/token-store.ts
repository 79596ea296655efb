import { statement } from '../../database/index.ts'

export interface TokenRow {
  readonly id: number
  readonly kind: 'personal' | 'key'
  readonly name: string
  /** A JSON list; null for all that the owner may do. */
  readonly permissions: string | null
  readonly namespace_id: number | null
  readonly prefix: string | null
  readonly exact: number | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly last_used_at: number | null
}

const columns = `
  t.id, t.kind, t.name, t.permissions, t.namespace_id, t.prefix, t.exact, t.created_at, t.expires_at, t.last_used_at`

export const tokenPage = statement<TokenRow>(`
  select ${columns} from token t where t.account_id = $1 and t.id > $2 and t.kind in ('personal', 'key') order by t.id limit $3`)

export interface OwnedTokenRow extends TokenRow {
  readonly account_id: number
  readonly owner: string
  readonly must_change: number
  readonly version: number
}

/** @param $1 the hash of a secret */
export const tokenOfSecret = statement<OwnedTokenRow>(`
  select ${columns}, a.id as account_id, a.name as owner, a.must_change, a.version from token t
  join account a on a.id = t.account_id and a.deleted_at is null and a.state = 'active'
  where t.hash = $1 and t.kind in ('personal', 'key')`)
