import { statement } from '../../database/index.ts'

/** Lists of rules, in the order of their ids. */

export interface TagRuleListRow {
  readonly id: number
  readonly prefix: string
  readonly exact: number
  readonly pattern: string
  readonly permissions: string
  readonly roles: string
  readonly created_at: number
}

export const tagRulesInProject = statement<TagRuleListRow>(`
  select id, prefix, exact, pattern, permissions, roles, created_at from tag_rule where namespace_id = $1 and id > $2 order by id limit $3`)

export interface AddressRuleListRow {
  readonly id: number
  readonly permissions: string | null
  readonly networks: string
  readonly created_at: number
}

const addressRules = (column: string) =>
  statement<AddressRuleListRow>(`
    select id, permissions, networks, created_at from address_rule where ${column} = $1 and id > $2 order by id limit $3`)

export const addressRulesIn = Object.freeze({
  project: addressRules('namespace_id'),
  account: addressRules('account_id'),
  robot: addressRules('robot_id'),
})
