import { createKeyedLock, type Soon } from '../lib/index.ts'
import { Problem } from './problem.ts'

/** Whether a change was refused since who may do what has changed since it was decided. Nothing was written then. */
function isMoved(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'RIGHTS_MOVED'
}

/** So often something is decided anew: other threads and processes change rights too. */
const mostAttempts = 20

/** So many of them while first attempts come in between, which are faster than what has to decide much. Then they wait for their turn too. */
const openAttempts = 3

/**
 * Runs what decides and then changes something, with the version of rights that it decides under. The transaction refuses when that has
 * moved; then all of it is done anew, and such repetitions one after the other in this thread, so that many changes at once do not keep each
 * other from ever coming to an end.
 */
export function createDecided(version: () => Soon<number>): <T>(attempt: (decidedAt: number) => Promise<T>) => Promise<T> {
  const turns = createKeyedLock()
  let isCrowded = false

  async function once<T>(attempt: (decidedAt: number) => Promise<T>): Promise<{ readonly done: T } | undefined> {
    try {
      return { done: await attempt(await version()) }
    } catch (error) {
      if (isMoved(error)) return undefined
      throw error
    }
  }

  async function again<T>(attempt: (decidedAt: number) => Promise<T>): Promise<T> {
    try {
      for (let made = 0; made < mostAttempts; made++) {
        isCrowded = made >= openAttempts
        const outcome = await once(attempt)
        if (outcome !== undefined) return outcome.done
      }
    } finally {
      isCrowded = false
    }
    throw new Problem('unavailable', { detail: 'rights change too fast just now to decide this; try again', headers: { 'retry-after': '1' } })
  }

  return async (attempt) => {
    const outcome = isCrowded ? undefined : await once(attempt)
    return outcome === undefined ? await turns.run('', () => again(attempt)) : outcome.done
  }
}
