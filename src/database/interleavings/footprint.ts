/**
 * What a statement meets another statement in, read from its text and the schema's foreign keys.
 *
 * `reads`: tables it looks at in its snapshot. `shares`: tables in which it locks rows in a shared mode, by asking for it or
 * because a foreign key is checked. `locks`: tables in which it locks rows against others. `writes`: tables it changes.
 * Everything is as large as it could be: whole tables, whatever rows the statement finds there.
 */
export interface Footprint {
  readonly reads: ReadonlySet<Place>
  readonly shares: ReadonlySet<Place>
  readonly locks: ReadonlySet<Place>
  readonly writes: ReadonlySet<Place>
}

/** A table, or one row of it as `table(key, key)`. */
export type Place = string

/** A foreign key of the schema. */
export interface ForeignKey {
  readonly child: string
  readonly childColumns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
}

export interface Schema {
  readonly tables: ReadonlySet<string>
  readonly foreignKeys: readonly ForeignKey[]
}

const columns = (table: string, numbers: string) =>
  `(select json_agg(attname) from pg_attribute where attrelid = ${table} and attnum = any (${numbers}))`

/** Answers `tables` and `foreign_keys` of the schema a connection sees. */
export const readSchema = `
  select
    (select json_agg(relname) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r') as tables,
    (select json_agg(json_build_object(
        'child', conrelid::regclass::text, 'childColumns', ${columns('conrelid', 'conkey')},
        'parent', confrelid::regclass::text, 'parentColumns', ${columns('confrelid', 'confkey')}))
     from pg_constraint where contype = 'f') as foreign_keys`

/**
 * Tables whose statements name a row by its whole key, and the key. Statements on different rows of such a table do not meet:
 * every one of them finds its row by this key, and no other unique key of these tables is ever given by a statement.
 */
const keyed: Readonly<Record<string, readonly string[]>> = { gc_queue: ['kind', 'key'], event: ['operation_id'] }

const lockClause = /\bfor\s+(no\s+key\s+update|key\s+share|update|share)(?:\s+of\s+([a-z_]+(?:\s*,\s*[a-z_]+)*))?/gi
const notAnAlias = 'on|where|set|left|join|order|group|limit|returning|values|for|using|union|cross|inner|as|default'
const alias = `(?:\\s+(?!(?:${notAnAlias})\\b)([a-z_]+))?`
const tableNamed = new RegExp(`\\b(?:from|join|into|update)\\s+([a-z_]+)\\b(?!\\s*\\(\\s*\\$)${alias}`, 'gi')
const assignments = /\bset\s+([^]*?)(?=\bwhere\b|\breturning\b|\bon conflict\b|$)/gi

/** Answers footprints of statements with their values; the few texts there are come again and again. */
export type Footprints = (text: string, values: readonly unknown[]) => Footprint

export function createFootprints(schema: Schema): Footprints {
  const known = new Map<string, Footprint>()
  return (text, values) => {
    const key = Object.keys(keyed).some((table) => text.includes(table)) ? JSON.stringify([text, values]) : text
    const present = known.get(key)
    if (present !== undefined) return present
    const footprint = footprintOf(text, values, schema)
    known.set(key, footprint)
    return footprint
  }
}

export function footprintOf(text: string, values: readonly unknown[], schema: Schema): Footprint {
  const footprint = { reads: new Set<Place>(), shares: new Set<Place>(), locks: new Set<Place>(), writes: new Set<Place>() }
  const aliases = tablesIn(text, schema)
  // With a second table in it, a condition could be about that one.
  const single = new Set(aliases.values()).size === 1
  const place = (table: string): Place => (single ? rowOf(table, text, values) : table)
  for (const table of aliases.values()) footprint.reads.add(place(table))
  for (const [, mode = '', of] of text.matchAll(lockClause)) {
    const names = of === undefined ? [...aliases.keys()] : of.split(/\s*,\s*/)
    const into = /share/i.test(mode) ? footprint.shares : footprint.locks
    for (const name of names) into.add(place(tableNamedBy(aliases, name)))
  }
  for (const { table, kind, columns } of changesIn(text)) {
    footprint.writes.add(place(table))
    for (const key of schema.foreignKeys) {
      const given = kind === 'insert' || (kind === 'update' && key.childColumns.some((column) => columns.has(column)))
      if (key.child === table && given) footprint.shares.add(key.parent)
      const taken = kind === 'delete' || (kind === 'update' && key.parentColumns.some((column) => columns.has(column)))
      if (key.parent === table && taken) {
        footprint.reads.add(key.child)
        footprint.shares.add(key.child)
      }
    }
  }
  return footprint
}

/** Tables by the names the statement gives them. */
function tablesIn(text: string, { tables }: Schema): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, table = '', alias] of text.replace(lockClause, '').matchAll(tableNamed)) {
    if (table === 'set' || table.startsWith('json_') || new RegExp(`\\bwith ${table} as\\b`).test(text)) continue
    if (!tables.has(table)) throw new Error(`"${table}" is no table of the schema: ${text}`)
    found.set(table, table)
    if (alias !== undefined) found.set(alias, table)
  }
  return found
}

function tableNamedBy(aliases: ReadonlyMap<string, string>, name: string): string {
  const table = aliases.get(name)
  if (table === undefined) throw new Error(`a lock on "${name}", which the statement does not name`)
  return table
}

interface Change {
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  /** What an update assigns. */
  readonly columns: ReadonlySet<string>
}

function changesIn(text: string): Change[] {
  const bare = text.replace(lockClause, '')
  const columns = new Set([...bare.matchAll(assignments)].flatMap(([, list = '']) => assigned(list)))
  const changes: Change[] = []
  for (const [, table = ''] of bare.matchAll(/\binsert\s+into\s+([a-z_]+)/gi)) {
    changes.push({ table, kind: 'insert', columns })
    if (/\bdo\s+update\s+set\b/i.test(bare)) changes.push({ table, kind: 'update', columns })
  }
  for (const [, table = ''] of bare.matchAll(/\bupdate\s+(?!set\b)([a-z_]+)/gi)) changes.push({ table, kind: 'update', columns })
  for (const [, table = ''] of bare.matchAll(/\bdelete\s+from\s+([a-z_]+)/gi)) changes.push({ table, kind: 'delete', columns })
  return changes
}

/** `a = case when x = y then z end, b = 1` assigns a and b. Too many columns do no harm, so every `name =` counts. */
function assigned(list: string): string[] {
  return [...list.matchAll(/([a-z_]+)\s*=/gi)].map(([, column = '']) => column)
}

function rowOf(table: string, text: string, values: readonly unknown[]): Place {
  const key = keyed[table]
  if (key === undefined) return table
  const parameters = insertedParameters(text) ?? comparedParameters(text)
  const row = key.map((column) => parameters.get(column)).map((number) => (number === undefined ? undefined : values[number - 1]))
  return row.includes(undefined) ? table : `${table}(${row.map(String).join(', ')})`
}

/** Of `insert into t (a, b) values ($1, $2)`: a 1, b 2. */
function insertedParameters(text: string): Map<string, number> | undefined {
  const [, columns, given] = /\binsert\s+into\s+[a-z_]+\s*\(([^)]*)\)\s*values\s*\(([^)]*)\)/i.exec(text) ?? []
  if (columns === undefined || given === undefined) return undefined
  const numbers = given.split(',').map((value) => /^\s*\$(\d+)\s*$/.exec(value)?.[1])
  const named = columns.split(',').map((column, at) => [column.trim(), Number(numbers[at])] as const)
  return new Map(named.filter(([, number]) => !Number.isNaN(number)))
}

/** Of `where a = $1 and b = $2`: a 1, b 2; nothing where an `or` would make that mean less. */
function comparedParameters(text: string): Map<string, number> {
  const condition = /\bwhere\b([^]*)$/i.exec(text)?.[1] ?? ''
  if (/\bor\b/i.test(condition)) return new Map()
  const compared = [...condition.matchAll(/\b([a-z_]+)\s*=\s*\$(\d+)/gi)]
  return new Map(compared.map(([, column = '', number]) => [column, Number(number)]))
}
