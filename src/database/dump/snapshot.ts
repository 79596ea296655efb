import type { Value } from '../statement.ts'
import type { DumpedTable } from './dumped-tables.ts'

/** One committed state of a database, whatever is written meanwhile, until `close`. */
export interface Snapshot {
  /** The rows of a table, in the order of its key. Read it to the end before the next one. */
  read(table: DumpedTable): Promise<TableRows>
  /** The last number given out of each table with a generated key: a number is never given out again, whatever was deleted. */
  lastNumbers(): Promise<readonly LastNumber[]>
  close(): Promise<void>
}

export interface TableRows {
  readonly columns: readonly string[]
  /** Values in the order of the columns, some rows at a time. */
  readonly batches: AsyncIterable<readonly (readonly Value[])[]>
}

export interface LastNumber {
  readonly table: string
  readonly last: number
}

/** Rows read and written at a time: manifests in them may have megabytes each. */
export const batchSize = 100

export function selectAll({ name, key, where }: DumpedTable): string {
  return `select * from ${name}${where === undefined ? '' : ` where ${where}`} order by ${key.join(', ')}`
}

export const generatedKeys = [
  ['domain', 'id'],
  ['namespace', 'id'],
  ['repository', 'id'],
  ['store', 'id'],
  ['blob', 'id'],
  ['tag_event', 'id'],
  ['trash', 'id'],
  ['event', 'seq'],
  ['job', 'id'],
  ['schedule', 'id'],
  ['inventory_cluster', 'id'],
  ['account', 'id'],
  ['account_group', 'id'],
  ['robot', 'id'],
  ['robot_permission', 'id'],
  ['robot_secret', 'id'],
  ['token', 'id'],
  ['access_grant', 'id'],
  ['tag_rule', 'id'],
  ['address_rule', 'id'],
] as const
