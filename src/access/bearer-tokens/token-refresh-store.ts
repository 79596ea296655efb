import { statement } from '../../database/index.ts'

export interface RefreshTokenRow {
  readonly account_id: number
  readonly version: number
  readonly service: string | null
  readonly expires_at: number | null
}

/** @param $1 the hash of a secret */
export const refreshTokenOfSecret = statement<RefreshTokenRow>(`
  select t.account_id, a.version, t.service, t.expires_at from token t
  join account a on a.id = t.account_id and a.deleted_at is null and a.state = 'active'
  where t.hash = $1 and t.kind = 'refresh'`)
