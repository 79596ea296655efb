import type { Database, Statement } from '../database/index.ts'
import { andThen, createLru, type Soon } from '../lib/index.ts'
import type { Changes } from './changes.ts'

/** A row that says whether something exists in a repository, and if so what a reader needs of it. */
export interface ExistenceRow {
  readonly repository_id: number
  /** Only a lease keeps the blob: when it ends changes without an event. */
  readonly referenced?: number
  /** Bytes are damaged: a push to any other repository heals them. */
  readonly damaged: number
}

/** Answers the statements of existence-store.ts, from memory where the database can vouch for it. */
export interface Existence {
  /** The row of `name` (a tag or a digest) in a repository. Absent when there is no such repository. */
  find<Row extends ExistenceRow>(statement: Statement<Row>, repository: string, name: string): Soon<Row | undefined>
}

interface Entry {
  readonly row: ExistenceRow
  /** The event up to which the row was known to be right when it was read. */
  readonly asOf: number
}

const rowsInMemory = 50_000

/** From memory while their repository is unchanged. Without `changes` the database is asked each time. */
export function createExistence(database: Database, changes: Changes | undefined): Existence {
  if (changes === undefined) {
    return Object.freeze<Existence>({ find: (statement, repository, name) => database.one(statement, repository, name) })
  }
  const rows = createLru<string, Entry>({ capacity: rowsInMemory })

  const read = async <Row extends ExistenceRow>(statement: Statement<Row>, repository: string, name: string, key: string) => {
    const asOf = changes.position()
    const row = await database.one(statement, repository, name)
    if (row !== undefined && row.referenced !== 0 && row.damaged === 0) rows.set(key, { row, asOf })
    return row
  }

  return Object.freeze<Existence>({
    find: <Row extends ExistenceRow>(statement: Statement<Row>, repository: string, name: string) =>
      andThen(changes.catchUp(), () => {
        const key = `${statement.name} ${repository} ${name}`
        const known = rows.get(key)
        const stands = known !== undefined && changes.unchanged(known.row.repository_id, known.asOf)
        return stands ? (known.row as Row) : read(statement, repository, name, key)
      }),
  })
}
