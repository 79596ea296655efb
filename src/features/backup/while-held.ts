import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { holdCollection, releaseCollection } from '../../registry/index.ts'
import { BackupError } from './backup-error.ts'

/** A hold lasts so long after the process that renews it was killed. */
const lasting = 300_000
const renewEvery = 60_000

/**
 * Does work while nothing is collected, renewing the hold until it has ended. The work is told to stop, and its result does not
 * count, when the hold could not be renewed in time: something it still needs may have been deleted.
 */
export async function whileHeld<T>(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  name: string,
  reason: string,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const take = async (until: number): Promise<number> => {
    const outcome = await database.transact(holdCollection, { name, until, reason })
    if ('refused' in outcome) throw new Error(`collection can not be held: ${outcome.refused}`)
    return outcome.ok.now
  }
  // The time of the database may be another than ours, and ours may be set meanwhile.
  let ahead = (await take(clock.now() + lasting)) - clock.monotonic()
  let until = Infinity
  const renew = async (): Promise<void> => {
    const next = Math.round(ahead + clock.monotonic() + lasting)
    const now = await take(next)
    if (now >= until) throw new BackupError('lapsed', 'collection was not held all the time, since this process stood still: begin again')
    until = next
    ahead = now - clock.monotonic()
  }
  await renew()
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = keepRenewing(renew, clock, ended.signal).catch((error: unknown) => lost.abort(error))
  try {
    const result = await work(lost.signal)
    ended.abort()
    await renewing
    lost.signal.throwIfAborted()
    await renew()
    return result
  } finally {
    ended.abort()
    await renewing
    await database.transact(releaseCollection, { name })
  }
}

async function keepRenewing(renew: () => Promise<void>, clock: Clock, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await clock.sleep(renewEvery, ended).catch(() => undefined)
    if (!ended.aborted) await renew()
  }
}
