/** What may be bound to a statement. Booleans are 0 and 1, times are ms since the epoch, JSON is text. */
export type Value = string | number | null | Uint8Array

/**
 * One SQL statement, written once for both engines and prepared once per connection.
 *
 * The text is PostgreSQL's, with `$1` parameters. SQLite gets the same text with `+?1` parameters and without the row locks
 * (`for share`, `for update` ...), since its single writer excludes every other. Where the engines need different words,
 * both are given.
 *
 * The plus changes nothing but this: where a join compares a column with a bare parameter, SQLite 3.54 may plan by the bound
 * value, so it prepares the statement again whenever one is bound. That costs ten times what the statement does.
 */
export interface Statement<Row> {
  /** Name under which PostgreSQL keeps the prepared statement; unique in a process. */
  readonly name: string
  readonly sqlite: string
  readonly postgres: string
  /** Never set: carries the type of a row. */
  readonly row?: Row
}

const statements: Statement<unknown>[] = []

/** Every statement of the program, for the test that reads their plans. */
export function everyStatement(): readonly Statement<unknown>[] {
  return statements
}

export function statement<Row = never>(text: string | { readonly sqlite: string; readonly postgres: string }): Statement<Row> {
  const both = typeof text === 'string' ? { sqlite: withoutRowLocks(text), postgres: text } : text
  const made = Object.freeze({
    name: `s${statements.length + 1}`,
    sqlite: both.sqlite.replace(/\$(\d+)/g, '+?$1'),
    postgres: both.postgres,
  })
  statements.push(made)
  return made
}

function withoutRowLocks(text: string): string {
  return text.replace(/\bfor\s+(no\s+key\s+update|key\s+share|update|share)(\s+of\s+[a-z_]+(\s*,\s*[a-z_]+)*)?(\s+skip\s+locked)?/gi, '')
}
