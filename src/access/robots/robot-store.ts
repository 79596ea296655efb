import { statement } from '../../database/index.ts'

export interface RobotRow {
  readonly id: number
  readonly namespace_id: number | null
  readonly project: string | null
  readonly name: string
  readonly description: string | null
  readonly state: 'active' | 'disabled'
  readonly expires_at: number | null
  readonly version: number
  readonly created_at: number
  readonly created_by: string | null
  readonly last_used_at: number | null
}

const columns = `
  r.id, r.namespace_id, n.name as project, r.name, r.description, r.state, r.expires_at, r.version, r.created_at, r.created_by,
  r.last_used_at`

/** @param $1 the id of its project, 0 for a robot of the whole system */
const named = `
  select ${columns} from robot r left join namespace n on n.id = r.namespace_id
  where coalesce(r.namespace_id, 0) = $1 and r.name = $2 and r.deleted_at is null`
export const robotNamed = statement<RobotRow>(named)
export const lockRobot = statement<RobotRow>(`${named} for update of r`)
export const robotPage = statement<RobotRow>(`
  select ${columns} from robot r left join namespace n on n.id = r.namespace_id
  where coalesce(r.namespace_id, 0) = $1 and r.name > $2 and r.deleted_at is null order by r.name limit $3`)

export interface RobotSecretRow extends RobotRow {
  readonly secret_id: number
  readonly secret_expires_at: number | null
}

/** @param $1 the hash of a secret */
export const robotOfSecret = statement<RobotSecretRow>(`
  select ${columns}, s.id as secret_id, s.expires_at as secret_expires_at from robot_secret s
  join robot r on r.id = s.robot_id and r.deleted_at is null
  left join namespace n on n.id = r.namespace_id
  where s.hash = $1 and (r.namespace_id is null or (n.deleted_at is null and n.state <> 'deleting'))`)
export const aliasOfProject = statement<{ namespace_id: number }>('select namespace_id from namespace_alias where name = $1')

export interface RobotPermissionRow {
  readonly namespace_id: number | null
  readonly prefix: string
  readonly exact: number
  readonly permissions: string
}

export const permissionsOfRobot = statement<RobotPermissionRow>(`
  select namespace_id, prefix, exact, permissions from robot_permission where robot_id = $1`)
export const secretsOfRobot = statement<{ created_at: number; expires_at: number | null }>(`
  select created_at, expires_at from robot_secret where robot_id = $1`)
