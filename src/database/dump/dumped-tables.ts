/** A table whose rows are carried from one database to another. */
export interface DumpedTable {
  readonly name: string
  /** Its primary key: the order in which rows are dumped. */
  readonly key: readonly string[]
  /** Which rows; all when left out. */
  readonly where?: string
  /** Columns that mean something in one database only. */
  readonly omit?: readonly string[]
}

/**
 * Every table that is dumped, parents before the children that refer to them. Left out are upload sessions with the objects they
 * write, which belong to the process that has them, which batches of use were counted, holds of collection that end by themselves, and what an installation signs
 * with: a copy is another one.
 */
export const dumpedTables: readonly DumpedTable[] = [
  { name: 'meta', key: ['name'], where: `name <> 'secret'` },
  { name: 'domain', key: ['id'] },
  { name: 'namespace', key: ['id'] },
  { name: 'repository', key: ['id'] },
  { name: 'store', key: ['id'] },
  { name: 'object', key: ['id'], where: `state <> 'writing'` },
  { name: 'blob', key: ['id'] },
  { name: 'content', key: ['blob_id'] },
  { name: 'link', key: ['repository_id', 'blob_id'] },
  { name: 'manifest', key: ['repository_id', 'digest'] },
  { name: 'reference', key: ['repository_id', 'manifest_digest', 'child_digest', 'kind'] },
  { name: 'tag', key: ['repository_id', 'name'] },
  { name: 'tag_event', key: ['id'] },
  { name: 'trash', key: ['id'] },
  { name: 'unnamed_manifest', key: ['repository_id', 'digest'] },
  { name: 'gc_queue', key: ['kind', 'key'], where: `kind <> 'upload'` },
  { name: 'event', key: ['seq'], omit: ['transaction_id'] },
  { name: 'job', key: ['id'] },
  { name: 'job_line', key: ['job_id', 'number'] },
  { name: 'schedule', key: ['id'] },
  { name: 'inventory_cluster', key: ['id'] },
  { name: 'inventory_digest', key: ['cluster_id', 'digest'] },
  { name: 'collection_hold', key: ['name'], where: 'until is null' },
  { name: 'namespace_alias', key: ['name'] },
  { name: 'account', key: ['id'] },
  { name: 'account_group', key: ['id'] },
  { name: 'group_member', key: ['group_id', 'account_id'] },
  { name: 'robot', key: ['id'] },
  { name: 'robot_permission', key: ['id'] },
  { name: 'robot_secret', key: ['id'] },
  { name: 'token', key: ['id'] },
  { name: 'role', key: ['name'] },
  { name: 'access_grant', key: ['id'] },
  { name: 'tag_rule', key: ['id'] },
  { name: 'address_rule', key: ['id'] },
  { name: 'usage_day', key: ['namespace_id', 'dimension', 'subject', 'day'] },
  { name: 'usage_stored', key: ['namespace_id', 'repository_id'] },
]

/** Tables of the schema that are not dumped. */
export const undumpedTables: readonly string[] = ['upload', 'upload_part', 'signing_key', 'usage_writer', 'schema_version']
