import type { SqliteConnection } from './connection.ts'
import { statement } from '../statement.ts'

const pragma = statement<{ data_version: number }>('pragma data_version')

/** SQLite's count of the commits that other connections made, asked at most once per turn of the event loop. */
export interface DataVersion {
  readonly now: () => number
  /** What was asked this turn no longer counts: a transaction of this process was acknowledged. */
  readonly endTurn: () => void
}

/**
 * Once per turn is often enough: an answer can reach a client only in a later turn than the one in which it was committed,
 * so a request that begins after that answer asks anew.
 */
export function createDataVersion(reader: SqliteConnection): DataVersion {
  let version = 0
  let asked = false
  const endTurn = (): void => {
    asked = false
  }
  return Object.freeze({
    now: () => {
      if (asked) return version
      asked = true
      setImmediate(endTurn)
      version = reader.one(pragma, [])?.data_version ?? 0
      return version
    },
    endTurn,
  })
}
