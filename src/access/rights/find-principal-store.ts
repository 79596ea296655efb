import { statement } from '../../database/index.ts'

export interface AccountRow {
  readonly id: number
  readonly name: string
  readonly version: number
  readonly must_change: number
}

export const accountNamed = statement<AccountRow>(`
  select id, name, version, must_change from account where name = $1 and deleted_at is null and state = 'active'`)
export const groupsOfAccount = statement<{ id: number }>('select group_id as id from group_member where account_id = $1 order by group_id')

export interface RobotRow {
  readonly id: number
  readonly version: number
  readonly namespace_id: number | null
}

/** @param $1 the id of its project, 0 for a robot of the whole system */
export const robotNamed = statement<RobotRow>(`
  select id, version, namespace_id from robot
  where coalesce(namespace_id, 0) = $1 and name = $2 and deleted_at is null and state = 'active'`)
export const projectIdOf = statement<{ id: number }>('select id from namespace where name = $1 and deleted_at is null')
