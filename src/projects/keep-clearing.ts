import type { Database } from '../database/index.ts'
import { repeat, type Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { projectsInDeletion } from './project-store.ts'
import { clearSteps } from './projects.ts'

export interface KeepClearingDeps {
  /** Ms between two looks, and before a failed one is tried again. */
  readonly interval: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Projects looked at before those that came first are looked at again. */
const projectsAtOnce = 100
/** Steps for one project before the next one has its turn, and a shutdown is noticed. */
const stepsAtOnce = 10

/**
 * Ends the deletion of projects that was begun, by whatever process, until the returned function is called, which waits for the
 * step under way.
 */
export function keepClearing(database: Database, { interval, clock, logger }: KeepClearingDeps): () => Promise<void> {
  const step = async (stopped: AbortSignal): Promise<number> => ((await clearSome(database, stopped)) ? 0 : interval)
  const failed = (error: unknown): number => {
    logger.error('a deleted project could not be cleared; it is tried again', { error })
    return interval
  }
  return repeat({ clock, step, failed })
}

/** Answers whether there is more to do at once. */
export async function clearSome(database: Database, signal?: AbortSignal): Promise<boolean> {
  const projects = await database.all(projectsInDeletion, projectsAtOnce)
  for (const { id } of projects) {
    if (signal?.aborted === true) return false
    await clearSteps(database, id, stepsAtOnce)
  }
  return projects.length > 0
}
