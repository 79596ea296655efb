import type { Database, Statement } from '../database/index.ts'
import { andThen, createLru, type Soon } from '../lib/index.ts'
import { eventsAfter, eventsAtOnce, lastEvent } from './event-store.ts'

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
const changedRepositories = 10_000
/**
 * On SQLite, rows are answered from memory while the database's version stands. When it moved, the event feed, which has a
 * row for every change of what a read may answer, names the repositories whose rows are forgotten. PostgreSQL is asked each
 * time.
 */
export function createExistence(database: Database): Existence {
  const { version } = database
  if (version === undefined) {
    return Object.freeze<Existence>({ find: (statement, repository, name) => database.one(statement, repository, name) })
  }
  const rows = createLru<string, Entry>({ capacity: rowsInMemory })
  const feed = createFeed(database, version)

  async function read<Row extends ExistenceRow>(statement: Statement<Row>, repository: string, name: string, key: string) {
    const asOf = feed.position()
    const row = await database.one(statement, repository, name)
    if (row !== undefined && row.referenced !== 0 && row.damaged === 0) rows.set(key, { row, asOf })
    return row
  }

  return Object.freeze<Existence>({
    find: <Row extends ExistenceRow>(statement: Statement<Row>, repository: string, name: string) =>
      andThen(feed.catchUp(), () => {
        const key = `${statement.name} ${repository} ${name}`
        const known = rows.get(key)
        return known !== undefined && feed.unchanged(known) ? (known.row as Row) : read(statement, repository, name, key)
      }),
  })
}

interface Feed {
  catchUp(): Soon<void>
  position(): number
  unchanged(entry: Entry): boolean
}

function createFeed(database: Database, version: () => number): Feed {
  /** The last event that changed a repository; what is older than `floor` is forgotten altogether. */
  const changes = new Map<number, number>()
  let floor = 0
  let position = 0
  let seenVersion: number | undefined
  let running: Promise<void> | undefined

  async function read(now: number): Promise<void> {
    if (seenVersion === undefined) position = floor = (await database.one(lastEvent))?.seq ?? 0
    const events = await database.all(eventsAfter, position)
    for (const { seq, kind, repository_id: repository } of events) {
      position = seq
      if (repository === null || kind === 'blob.replace') floor = seq
      else changes.set(repository, seq)
    }
    if (events.length === eventsAtOnce || changes.size > changedRepositories) await forgetAll()
    seenVersion = now
  }

  /** After a long silence, or too many changes to remember, it is cheaper to begin anew. */
  async function forgetAll(): Promise<void> {
    position = floor = (await database.one(lastEvent))?.seq ?? position
    changes.clear()
  }

  async function readUntilCurrent(): Promise<void> {
    while (version() !== seenVersion) {
      const now = version()
      running ??= read(now).finally(() => {
        running = undefined
      })
      await running
    }
  }

  return {
    catchUp: () => (version() === seenVersion ? undefined : readUntilCurrent()),
    position: () => position,
    unchanged: ({ row, asOf }) => asOf >= floor && asOf >= (changes.get(row.repository_id) ?? 0),
  }
}
