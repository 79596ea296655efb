import { createShelf, imageWork, workFor } from './image-load.ts'
import type { PhaseFigures } from './load-client.ts'
import { type LoadRun, withServer } from './load-run.ts'
import { openSlowSockets } from './slow-sockets.ts'

export interface OverloadRun extends LoadRun {
  /** Clients that are enough to keep the server busy; ten times as many come then. */
  readonly clients: number
  readonly slow: number
  /** `limits.requests`; the default when absent. */
  readonly requests?: number
}

const pulls = 0.7

/**
 * B14: a crowd that keeps the server busy; the same beside slow sockets; ten times the crowd beside them; the crowd alone again. Clients
 * who are refused come again when they were told to.
 */
export async function overload({ seconds, seed, clients, slow, requests }: OverloadRun) {
  const settings = requests === undefined ? {} : { BERTH_LIMITS_REQUESTS: `${requests}` }
  return await withServer({ ...settings, BERTH_LOG_LEVEL: 'error' }, async ({ port, watch }) => {
    const shelf = await createShelf(port, seed)
    const phase = (crowd: number, length = seconds): Promise<PhaseFigures> => workFor(port, crowd, length, imageWork(shelf, pulls))
    await phase(clients, seconds / 2)
    const use = watch()
    const busy = await phase(clients)
    const sockets = await openSlowSockets(port, slow)
    const besideSlow = await phase(clients)
    const tenfold = await phase(clients * 10)
    const { open, closed } = sockets
    sockets.end()
    const firstSecond = await phase(clients, 1)
    const after = await phase(clients)
    return { clients, seconds, slow: { open, closed }, busy, besideSlow, tenfold, firstSecond, after, use: use.end() }
  })
}
