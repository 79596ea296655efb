import { statement } from '../../database/index.ts'

/** Everything that rights are decided by, as it is loaded into memory. Each row is found by an index. */

export interface ProjectRow {
  readonly id: number
  readonly name: string
  readonly visibility: 'public' | 'internal' | 'private'
  readonly state: 'live' | 'frozen' | 'deleting'
  readonly created_at: number
  readonly trash?: number | null
  readonly trash_until?: number | null
}

export const projectNamed = statement<ProjectRow>(`
  select n.id, n.name, n.visibility, n.state, n.created_at, t.id as trash, t.purge_at as trash_until
  from namespace n left join trash t on t.namespace_id = n.id and t.kind = 'project' where n.name = $1 and n.deleted_at is null`)

/** Pages through all projects. */
export const projectsAfter = statement<ProjectRow>(`
  select id, name, visibility, state, created_at from namespace where id > $1 and deleted_at is null order by id limit $2`)

export interface TagRuleRow {
  readonly prefix: string
  readonly exact: number
  readonly pattern: string
  readonly permissions: string
  readonly roles: string
}

/** Of the project of that name: asked for beside its row, so that a name that is nothing's costs as much as any other. */
export const tagRulesOfProject = statement<TagRuleRow>(`
  select t.prefix, t.exact, t.pattern, t.permissions, t.roles
  from namespace n join tag_rule t on t.namespace_id = n.id where n.name = $1 and n.deleted_at is null`)

export interface AddressRuleRow {
  readonly permissions: string | null
  readonly networks: string
}

/** Of the project of that name, likewise. */
export const addressRulesOfProject = statement<AddressRuleRow>(`
  select a.permissions, a.networks from namespace n join address_rule a on a.namespace_id = n.id where n.name = $1 and n.deleted_at is null`)
export const addressRulesOfAccount = statement<AddressRuleRow>('select permissions, networks from address_rule where account_id = $1')
export const addressRulesOfRobot = statement<AddressRuleRow>('select permissions, networks from address_rule where robot_id = $1')
/** Counts the changes of those of projects. */
export const addressRulesVersion = statement<{ value: string }>(`select value from meta where name = 'address-rules'`)
/** Pages through those of all projects. */
export const addressRulesAfter = statement<AddressRuleRow & { readonly id: number; readonly namespace_id: number }>(`
  select id, namespace_id, permissions, networks from address_rule where id > $1 and namespace_id is not null order by id limit $2`)

export interface RoleRow {
  readonly name: string
  readonly permissions: string
}

/** Pages through the roles that people made. */
export const rolesAfter = statement<RoleRow>('select name, permissions from role where name > $1 order by name limit $2')

export interface GrantRow {
  readonly namespace_id: number | null
  readonly project: string | null
  readonly prefix: string
  readonly exact: number
  readonly role: string
}

const columns = 'g.namespace_id, n.name as project, g.prefix, g.exact, g.role'

/** @param $1 `account` or `robot` */
export const grantsOfSubject = statement<GrantRow>(`
  select ${columns} from access_grant g left join namespace n on n.id = g.namespace_id
  where g.subject_kind = $1 and g.subject_id = $2`)

/** @param $1 a JSON list of ids */
export const grantsOfGroups = statement<GrantRow & { readonly group_name: string }>({
  sqlite: `
    select ${columns}, s.name as group_name from json_each($1) wanted
    cross join account_group s on s.id = wanted.value
    join access_grant g on g.subject_kind = 'group' and g.subject_id = s.id
    left join namespace n on n.id = g.namespace_id`,
  postgres: `
    select ${columns}, s.name as group_name from account_group s
    join access_grant g on g.subject_kind = 'group' and g.subject_id = s.id
    left join namespace n on n.id = g.namespace_id
    where s.id = any (array(select json_array_elements_text($1::json)::bigint))`,
})

/** What a robot holds by itself. */
export const permissionsOfRobot = statement<Omit<GrantRow, 'role'> & { readonly permissions: string }>(`
  select p.namespace_id, n.name as project, p.prefix, p.exact, p.permissions
  from robot_permission p left join namespace n on n.id = p.namespace_id where p.robot_id = $1`)
