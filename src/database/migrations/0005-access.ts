import type { DialectTypes } from './dialect-types.ts'

/**
 * Who may do what. Names that people gave are never keys: grants, tokens and caches hold ids, which are never given out twice, so
 * that nothing outlives an account or a project that is made again under its name.
 *
 * `version` in `meta` under the name `rights` counts every change of these tables that may take something away from somebody; a
 * process that remembers rights compares it. Patterns of repositories are a beginning (`prefix`) of the path below the project, or,
 * with `exact` 1, all of it: '' and 0 is everything in the project.
 */
export function access({ id, text, integer }: DialectTypes): string[] {
  return [
    `insert into meta (name, value) values ('rights', '1')`,

    `alter table namespace add column visibility ${text} not null default 'private'
      check (visibility in ('public', 'internal', 'private'))`,
    // Whose first push made it, where one did.
    `alter table namespace add column maker_kind ${text} check (maker_kind in ('account', 'robot'))`,
    `alter table namespace add column maker_id ${integer}`,
    // Names that a project had before: they lead to it until another project takes them.
    `create table namespace_alias (
      name ${text} primary key, namespace_id ${integer} not null references namespace, created_at ${integer} not null)`,
    `create index namespace_alias_by_namespace on namespace_alias (namespace_id)`,
    // Those whose rows are still to be cleared.
    `create index namespace_deleting on namespace (id) where state = 'deleting' and deleted_at is null`,

    `create table account (
      id ${id}, name ${text} not null, email ${text}, display_name ${text}, source ${text} not null default 'local',
      subject ${text}, password_hash ${text}, must_change ${integer} not null default 0,
      state ${text} not null default 'active' check (state in ('active', 'disabled')),
      version ${integer} not null default 1, created_at ${integer} not null, last_login_at ${integer}, deleted_at ${integer})`,
    `create unique index account_by_name on account (name) where deleted_at is null`,
    // What never changes about a person in the source that they come from.
    `create unique index account_by_subject on account (source, subject) where subject is not null and deleted_at is null`,
    `create table account_group (id ${id}, name ${text} not null unique, source ${text} not null default 'local', created_at ${integer} not null)`,
    `create table group_member (
      group_id ${integer} not null references account_group, account_id ${integer} not null references account,
      primary key (group_id, account_id))`,
    `create index group_member_by_account on group_member (account_id, group_id)`,

    // Without a project: of the whole system. `permissions` everywhere: a JSON list of names from src/access/permissions.ts.
    `create table robot (
      id ${id}, namespace_id ${integer} references namespace, name ${text} not null, description ${text},
      state ${text} not null default 'active' check (state in ('active', 'disabled')), expires_at ${integer},
      version ${integer} not null default 1, created_at ${integer} not null, created_by ${text}, last_used_at ${integer},
      deleted_at ${integer})`,
    `create unique index robot_by_name on robot (coalesce(namespace_id, 0), name) where deleted_at is null`,
    `create table robot_permission (
      id ${id}, robot_id ${integer} not null references robot, namespace_id ${integer} references namespace,
      prefix ${text} not null, exact ${integer} not null, permissions ${text} not null)`,
    `create index robot_permission_by_robot on robot_permission (robot_id)`,
    // Several of one robot at a time: the old one goes on while the new one is rolled out. `hash`: SHA-256 in hex; a secret has 256 bits.
    `create table robot_secret (
      id ${id}, robot_id ${integer} not null references robot, hash ${text} not null unique, created_at ${integer} not null,
      expires_at ${integer})`,
    `create index robot_secret_by_robot on robot_secret (robot_id)`,

    // Null `permissions`: all that its owner has. `namespace_id`, `prefix`, `exact`: where; null for everywhere.
    `create table token (
      id ${id}, account_id ${integer} not null references account,
      kind ${text} not null check (kind in ('personal', 'key', 'refresh')), name ${text} not null, hash ${text} not null unique,
      permissions ${text}, namespace_id ${integer} references namespace, prefix ${text}, exact ${integer}, service ${text},
      created_at ${integer} not null, expires_at ${integer}, last_used_at ${integer})`,
    `create index token_by_account on token (account_id, id)`,

    // Roles that people made; those of src/access/roles/built-in-roles.ts have no row.
    `create table role (name ${text} primary key, permissions ${text} not null, created_at ${integer} not null)`,
    // Without a project: in the whole system.
    `create table access_grant (
      id ${id}, namespace_id ${integer} references namespace, prefix ${text} not null, exact ${integer} not null,
      subject_kind ${text} not null check (subject_kind in ('account', 'group', 'robot')), subject_id ${integer} not null,
      role ${text} not null, created_at ${integer} not null, created_by ${text})`,
    `create unique index access_grant_once
      on access_grant (coalesce(namespace_id, 0), prefix, exact, subject_kind, subject_id, role)`,
    `create index access_grant_by_subject on access_grant (subject_kind, subject_id)`,
    `create index access_grant_by_role on access_grant (role)`,
    `create index access_grant_by_namespace on access_grant (namespace_id, id)`,

    // Tags that match may be created, moved, deleted (`permissions`) through these roles only.
    `create table tag_rule (
      id ${id}, namespace_id ${integer} not null references namespace, prefix ${text} not null, exact ${integer} not null,
      pattern ${text} not null, permissions ${text} not null, roles ${text} not null, created_at ${integer} not null)`,
    `create index tag_rule_by_namespace on tag_rule (namespace_id, id)`,
    // Of one project, account or robot: these networks alone may use the permissions; null for all permissions.
    `create table address_rule (
      id ${id}, namespace_id ${integer} references namespace, account_id ${integer} references account,
      robot_id ${integer} references robot, permissions ${text}, networks ${text} not null, created_at ${integer} not null)`,
    `create index address_rule_by_namespace on address_rule (namespace_id) where namespace_id is not null`,
    `create index address_rule_by_account on address_rule (account_id) where account_id is not null`,
    `create index address_rule_by_robot on address_rule (robot_id) where robot_id is not null`,

    // The newest one signs; older ones are believed until the last token they signed has ended.
    `create table signing_key (
      id ${text} primary key, private_key ${text} not null, public_key ${text} not null, created_at ${integer} not null)`,
  ]
}
