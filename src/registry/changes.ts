import type { Database } from '../database/index.ts'
import type { Soon } from '../lib/index.ts'
import { eventsAfter, eventsAtOnce, lastEvent } from './event-store.ts'

/** Which repositories changed: what memory may answer without asking the database. */
export interface Changes {
  /** Waits until all that was committed before this call is known. */
  catchUp(): Soon<void>
  /** The event that is known last. What is read from now on is at least as new. */
  position(): number
  /** Whether nothing that a read may answer changed in the repository after that event. */
  unchanged(repository: number, since: number): boolean
}

const changedRepositories = 10_000

/**
 * A blob goes that no repository has any more: whatever took it from the last one has an event of that repository. So many blobs that go do
 * not make readers ask for all others again.
 */
const blobGoes = 'blob.collect'

/**
 * On SQLite, what memory holds stands while the database's version does. When it moved, the event feed, which has a row for
 * every change of what a read may answer, names the repositories that changed. Absent on PostgreSQL, which is asked each time.
 */
export function createChanges(database: Database): Changes | undefined {
  const { version } = database
  return version === undefined ? undefined : followFeed(database, version)
}

function followFeed(database: Database, version: () => number): Changes {
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
      if (kind === blobGoes) continue
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

  return Object.freeze<Changes>({
    catchUp: () => (version() === seenVersion ? undefined : readUntilCurrent()),
    position: () => position,
    unchanged: (repository, since) => since >= floor && since >= (changes.get(repository) ?? 0),
  })
}
