import type { Database } from '../database/index.ts'
import { repeat, type Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { standingHolds } from '../registry/index.ts'
import { dueInTrash, projectsInDeletion } from './project-store.ts'
import { purgeProject } from './project-trash-transactions.ts'
import { clearSteps } from './projects.ts'
import { clearRepositorySteps } from './repositories.ts'

export interface KeepClearingDeps {
  /** Ms between two looks, and before a failed one is tried again. */
  readonly interval: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Projects and repositories looked at before those that came first are looked at again. */
const lookedAtOnce = 100
/** Steps for one of them before the next one has its turn, and a shutdown is noticed. */
const stepsAtOnce = 10

/**
 * Ends the deletion of projects and repositories that was begun, or whose time in the trash is over, by whatever process, until the
 * returned function is called, which waits for the step under way.
 */
export function keepClearing(database: Database, { interval, clock, logger }: KeepClearingDeps): () => Promise<void> {
  const step = async (stopped: AbortSignal): Promise<number> => ((await clearSome(database, clock, stopped)) ? 0 : interval)
  const failed = (error: unknown): number => {
    logger.error('a deleted project or repository could not be cleared; it is tried again', { error })
    return interval
  }
  return repeat({ clock, step, failed })
}

/** Answers whether something was done, so that there may be more. While collection is held nothing ends because of its time alone. */
export async function clearSome(database: Database, clock: Pick<Clock, 'now'>, signal?: AbortSignal): Promise<boolean> {
  let done = false
  const held = (await database.all(standingHolds, clock.now())).length > 0
  for (const { id: trash, kind } of held ? [] : await database.all(dueInTrash, clock.now(), lookedAtOnce)) {
    if (signal?.aborted === true) return false
    if (await endOf(database, kind, trash)) done = true
  }
  for (const { id } of await database.all(projectsInDeletion, lookedAtOnce)) {
    if (signal?.aborted === true) return false
    if ((await clearSteps(database, id, stepsAtOnce)) !== 'gone') done = true
  }
  return done
}

/** False where somebody was faster. */
async function endOf(database: Database, kind: 'project' | 'repository', trash: number): Promise<boolean> {
  if (kind === 'repository') return (await clearRepositorySteps(database, trash, stepsAtOnce)) !== 'gone'
  return 'ok' in (await database.transact(purgeProject, { trash }))
}
