import { statement } from '../../database/index.ts'
import type { OwnedTokenRow } from '../personal-tokens/token-store.ts'
import type { RobotRow } from '../robots/robot-store.ts'

export interface HolderAccountRow {
  readonly id: number
  readonly name: string
  readonly version: number
  readonly must_change: number
}

/** @param $2 the version that it has to have still */
export const accountHolding = statement<HolderAccountRow>(`
  select id, name, version, must_change from account where id = $1 and version = $2 and deleted_at is null and state = 'active'`)

/** @param $1 the row of the secret; @param $2 its owner, with the version $3 */
export const tokenHolding = statement<OwnedTokenRow>(`
  select t.id, t.kind, t.name, t.permissions, t.namespace_id, t.prefix, t.exact, t.created_at, t.expires_at, t.last_used_at,
    a.id as account_id, a.name as owner, a.must_change, a.version
  from token t join account a on a.id = t.account_id and a.deleted_at is null and a.state = 'active'
  where t.id = $1 and a.id = $2 and a.version = $3 and t.kind in ('personal', 'key')`)

export interface HolderRobotRow extends RobotRow {
  readonly secret_expires_at: number | null
}

/** @param $1 the row of the secret; @param $2 its robot, with the version $3 */
export const robotHolding = statement<HolderRobotRow>(`
  select r.id, r.namespace_id, n.name as project, r.name, r.description, r.state, r.expires_at, r.version, r.created_at, r.created_by,
    r.last_used_at, s.expires_at as secret_expires_at
  from robot_secret s join robot r on r.id = s.robot_id and r.deleted_at is null and r.state = 'active'
  left join namespace n on n.id = r.namespace_id
  where s.id = $1 and r.id = $2 and r.version = $3 and (r.namespace_id is null or (n.deleted_at is null and n.state <> 'deleting'))`)

/** A project by its name, if a push of this account or robot made it. */
export const projectMadeBy = statement<{ id: number; created_at: number }>(`
  select id, created_at from namespace where name = $1 and maker_kind = $2 and maker_id = $3 and deleted_at is null`)
