import { repeat, type Clock } from '../lib/index.ts'
import { isoTime, type Logger } from '../observe/index.ts'
import type { Collector } from './garbage-collection.ts'
import type { CollectionHold } from './hold-store.ts'

export interface KeepCollectingDeps {
  /** Ms between two runs, and before a failed one is tried again. */
  readonly interval: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Keys looked at before a shutdown is noticed. */
const collectionBatch = 200

/** Runs the collector every `interval` ms until the returned function is called, which waits for the step under way. */
export function keepCollecting(collector: Collector, { interval, clock, logger }: KeepCollectingDeps): () => Promise<void> {
  const reportHolds = createHoldReport(clock, logger)
  const step = async (): Promise<number> => {
    reportHolds(await collector.holds())
    const looked = await collector.collectDue(collectionBatch)
    return looked > 0 ? 0 : interval
  }
  const failed = (error: unknown): number => {
    logger.error('garbage collection failed; it is tried again after gc.interval', { error })
    return interval
  }
  return repeat({ clock, step, failed })
}

const holdReportPause = 3_600_000

/** Says why nothing is collected when a hold is first seen, and once an hour: disks fill up meanwhile. */
function createHoldReport(clock: Clock, logger: Logger): (holds: readonly CollectionHold[]) => void {
  const reportedAt = new Map<string, number>()
  return (holds) => {
    for (const name of reportedAt.keys()) if (!holds.some((hold) => hold.name === name)) reportedAt.delete(name)
    for (const { name, until, reason } of holds) {
      const now = clock.monotonic()
      if (now - (reportedAt.get(name) ?? -Infinity) < holdReportPause) continue
      reportedAt.set(name, now)
      const ends = until === null ? 'when `berth fsck` finds the rebuilt index sound' : `with what holds it, or by itself at ${isoTime(until)}`
      logger.warn('nothing is deleted from the store: garbage collection is held', { hold: name, reason, ends })
    }
  }
}
