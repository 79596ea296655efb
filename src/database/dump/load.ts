import type { DumpedTable } from './dumped-tables.ts'
import type { LastNumber, TableRows } from './snapshot.ts'

/** Takes the rows of a dump, inside the one transaction that makes the schema too. */
export interface LoadTarget {
  write(table: DumpedTable, rows: TableRows): Promise<void>
  setLastNumbers(numbers: readonly LastNumber[]): Promise<void>
  /** Marks objects whose bytes were not carried over. */
  markDamaged(objectIds: readonly string[]): Promise<void>
}

export interface LoadOptions {
  /** Version of the schema that the rows are of. A start brings it to the newest. */
  readonly version: number
  /** The id of the new installation. */
  readonly installation: string
  /** What it signs with: another one than the installation that was backed up. */
  readonly secret: string
  readonly now: number
}

/** What fills a database. When it fails, nothing of it stays. */
export type Fill = (target: LoadTarget) => Promise<void>

export const markObjectDamaged = `update object set state = 'damaged' where id = $1 and state = 'live'`
/** Rows that every new schema has: the dump brings its own. */
export const presetRows = ['delete from meta', 'delete from domain', 'delete from store']
export const setSecret = `insert into meta (name, value) values ('secret', $1) on conflict (name) do update set value = excluded.value`
export const setInstallation = `update meta set value = $1 where name = 'installation'`

export function insertInto(table: string, columns: readonly string[], rows: number): string {
  const tuple = (row: number): string => `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`
  return `insert into ${table} (${columns.join(', ')}) values ${Array.from({ length: rows }, (_, row) => tuple(row)).join(', ')}`
}

/** Names come from a file: only those of this schema get into a statement. */
export function checkColumns(table: string, columns: readonly string[]): void {
  const wrong = columns.find((name) => !/^[a-z][a-z0-9_]*$/.test(name))
  if (wrong !== undefined || columns.length === 0 || columns.length > 100) throw new Error(`${table} has no such columns`)
}

