import type { SqliteConnection } from './connection.ts'
import { statement } from '../statement.ts'
import { settledCommits } from './commit-count.ts'

const pragma = statement<{ data_version: number }>('pragma data_version')

/** SQLite's count of the commits that other connections made, asked at most once per turn of the event loop. */
export interface DataVersion {
  readonly now: () => number
  /** What was asked this turn no longer counts: a transaction of this thread was acknowledged. */
  readonly endTurn: () => void
}

/**
 * Once per turn is often enough where this thread alone answers: an answer can reach a client only in a later turn than the
 * one in which it was committed, so a request that begins after that answer asks anew. Another thread's answer can reach its
 * client while a turn goes on here. What was asked then counts only as long as nothing was committed since, by `commits`.
 */
export function createDataVersion(reader: SqliteConnection, commits: Int32Array | undefined): DataVersion {
  let version = 0
  let asked = false
  let askedAt: number | undefined
  const endTurn = (): void => {
    asked = false
  }
  const stands = (): boolean => commits === undefined || (askedAt !== undefined && settledCommits(commits) === askedAt)
  return Object.freeze({
    now: () => {
      if (asked && stands()) return version
      if (!asked) setImmediate(endTurn)
      asked = true
      askedAt = commits === undefined ? undefined : settledCommits(commits)
      version = reader.one(pragma, [])?.data_version ?? 0
      return version
    },
    endTurn,
  })
}
