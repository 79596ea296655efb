import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { recordUse, type Used, type Uses } from './use-transactions.ts'

/** Remembers when accounts, robots and tokens were used last, and writes it down once in a while. */
export interface UseRecorder {
  note(kind: Used, id: number): void
  /** Writes what is left. */
  close(): Promise<void>
}

export interface UseRecorderDeps {
  readonly database: Database
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/** Between two writes, in ms. */
const interval = 60_000
/** Of each kind between two writes; the use of further ones is not noted. */
const most = 10_000

export function createUseRecorder({ database, clock, onError }: UseRecorderDeps): UseRecorder {
  const stopping = new AbortController()
  let noted = emptyUses()
  let waiting: Promise<void> | undefined

  async function write(): Promise<void> {
    const uses: Uses = { account: [...noted.account], robot: [...noted.robot], token: [...noted.token] }
    noted = emptyUses()
    try {
      await database.transact(recordUse, uses)
    } catch (error) {
      onError(error)
    }
  }

  async function writeLater(): Promise<void> {
    await clock.sleep(interval, stopping.signal).catch(() => undefined)
    waiting = undefined
    await write()
  }

  return Object.freeze<UseRecorder>({
    note: (kind, id) => {
      const uses = noted[kind]
      if (uses.size >= most && !uses.has(id)) return
      uses.set(id, clock.now())
      if (!stopping.signal.aborted) waiting ??= writeLater()
    },
    close: async () => {
      stopping.abort()
      await waiting
    },
  })
}

function emptyUses(): Record<Used, Map<number, number>> {
  return { account: new Map(), robot: new Map(), token: new Map() }
}
