import type { Database } from '../../database/index.ts'
import type { Jobs } from '../../jobs/index.ts'
import { type Clock, repeat } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { countKind } from './count-job.ts'
import { lastCount } from './stored-store.ts'
import { clearUsage } from './usage-transactions.ts'

export interface KeepUsageDeps {
  readonly database: Database
  readonly jobs: Pick<Jobs, 'queue'>
  readonly clock: Clock
  readonly logger: Logger
  /** How long days are kept, in ms. */
  readonly retention: number
}

/** Ms between two looks, and before the first one: a start has enough to do. */
const lookEvery = 60_000
/** Ms between two counts, from the beginning of one to that of the next. */
const countEvery = 3_600_000
const clearedAtOnce = 1_000

/** Removes days that are too old, and has what is stored counted, until the returned function is called. */
export function keepUsage({ database, jobs, clock, logger, retention }: KeepUsageDeps): () => Promise<void> {
  let begun = false
  const step = async (): Promise<number> => {
    if (!begun) {
      begun = true
      return lookEvery
    }
    const outcome = await database.transact(clearUsage, { retention, most: clearedAtOnce })
    if ('ok' in outcome && outcome.ok === clearedAtOnce) return 0
    const last = await database.one(lastCount)
    const age = (await database.now()) - (last?.counted_at ?? -Infinity)
    // From later than now: the clock was wrong then.
    if (age >= countEvery || age < 0) await jobs.queue({ kind: countKind.name, payload: {}, actor: undefined })
    return lookEvery
  }
  const failed = (error: unknown): number => {
    logger.error('what was used could not be looked after; it is tried again', { error })
    return lookEvery
  }
  return repeat({ clock, step, failed })
}
