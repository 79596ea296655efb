import type { Client } from '../rig/client.ts'
import { poll } from '../rig/poll.ts'
import { overwrite } from './hot-tags.ts'
import { type Load, unlessRefused } from './load.ts'

export interface DatabaseCrash {
  readonly load: Load
  /** One that tells refusals from mistakes. */
  readonly client: Client
  /** Starts the workers on a load. */
  readonly begin: (load: Load) => Promise<void>[]
  /** Resolves when the database is back. */
  readonly takeAway: () => Promise<void>
}

/** The load is well under way by then, and goes on for as long afterwards. */
const workFor = 300
const backLimit = 30_000

/**
 * Work goes on while the server's database crashes and comes back. The server answers every request: what it can't do now with
 * 503 and Retry-After; and it takes writes again as soon as the database does, without a restart.
 */
export async function workThroughCrash({ load, client, begin, takeAway }: DatabaseCrash): Promise<void> {
  let over = false
  const strict = { ...load, client, over: () => over }
  const crash = async (): Promise<void> => {
    try {
      await Bun.sleep(workFor)
      await takeAway()
      await noteReturn(strict)
      await Bun.sleep(workFor)
    } finally {
      over = true
    }
  }
  const ends = await Promise.allSettled([...begin(strict), crash()])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  // Nothing is under way any more: what was refused has taken place by now, or never will.
  for (const history of load.hot.values()) history.cut(performance.now())
  load.figures.databaseCrashes++
}

async function noteReturn(load: Load): Promise<void> {
  const [[tag, history] = []] = load.hot
  if (tag === undefined || history === undefined) throw new Error('there is no tag to write')
  const back = performance.now()
  let tries = 0
  await poll('an acknowledged write after the return of the database', backLimit, async () =>
    await unlessRefused(load, async () => {
      await overwrite(load, tag, history, `${load.seed}/${load.kill}/back/${tries++}`)
      return true
    }),
  )
  load.figures.backWorst = Math.max(load.figures.backWorst, Math.round(performance.now() - back))
}
