import type { Database } from '../../database/index.ts'
import type { Clock, Soon } from '../../lib/index.ts'
import { RegistryError } from '../../oci/index.ts'
import { readRightsVersion } from './rights-version-store.ts'

/** Tells whether what is remembered of rights may still be used. */
export interface RightsVersion {
  /**
   * The number under which rights may be remembered. What was loaded while it was another one is forgotten. Fails with UNAVAILABLE
   * when it could not be read for so long that a revocation might be missed; both at once and later.
   */
  current(): Soon<number>
  /**
   * The same, as the database has it now: what was remembered before and is no longer right is forgotten when this answers. Fails like
   * `current`.
   */
  refresh(): Soon<number>
}

/** PostgreSQL is asked so often, in ms; SQLite tells by itself when anything was committed. */
const readEvery = 1_000

/** For so long, in ms, rights are decided from memory while the version cannot be read. A revocation acts within this time. */
const believedFor = 5_000

export function createRightsVersion(database: Database, clock: Clock): RightsVersion {
  return Object.freeze<RightsVersion>(database.version === undefined ? polled(database, clock) : watched(database, database.version))
}

async function read(database: Database): Promise<number> {
  const row = await database.one(readRightsVersion)
  if (row === undefined) throw new RegistryError('UNAVAILABLE', { cause: new Error('the version of rights is missing from the database') })
  return row.version
}

/** Read again after every commit. */
function watched(database: Database, commits: () => number): RightsVersion {
  let known = 0
  let seen: number | undefined
  let running: Promise<void> | undefined

  async function readAsOf(now: number): Promise<void> {
    known = await read(database)
    seen = now
  }

  async function readUntilCurrent(): Promise<number> {
    while (commits() !== seen) {
      running ??= readAsOf(commits()).finally(() => {
        running = undefined
      })
      await running
    }
    return known
  }

  const current = (): Soon<number> => (commits() === seen ? known : readUntilCurrent())
  return { current, refresh: current }
}

/** Other nodes write too, and nothing tells when. */
function polled(database: Database, clock: Clock): RightsVersion {
  let known = 0
  /** When the last reading that succeeded, and the last one of all, began. */
  let readAt = -Infinity
  let triedAt = -Infinity
  let running: Promise<number> | undefined

  async function readNow(): Promise<number> {
    const began = (triedAt = clock.monotonic())
    let failure: unknown
    try {
      const version = await read(database)
      // Two may run at once, and the later one answer first.
      if (began >= readAt) {
        known = version
        readAt = began
      }
    } catch (error) {
      failure = error
    } finally {
      running = undefined
    }
    if (clock.monotonic() - readAt < believedFor) return known
    throw new RegistryError('UNAVAILABLE', { cause: failure })
  }

  return {
    current: () => {
      const now = clock.monotonic()
      if (now - readAt < readEvery) return known
      // While the database does not answer, whoever can still be answered from memory does not wait for it.
      if (now - readAt < believedFor && (running !== undefined || now - triedAt < readEvery)) return known
      running ??= readNow()
      return running
    },
    // One that is under way may have begun before what the caller knows of.
    refresh: readNow,
  }
}
