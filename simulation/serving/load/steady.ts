import type { ServerProcess } from '../../rig/server-process.ts'
import { createShelf, imageWork, phaseOf, type Shelf, workFor, workTogether } from './image-load.ts'
import { type LoadRun, withServer } from './load-run.ts'

const clients = 64
const pulls = 0.7

/** B12: so many clients pull and push without a pause; then the server is asked to end while they go on. */
export async function steadyLoad({ seconds, seed }: LoadRun) {
  return await withServer({}, async ({ server, port, watch }) => {
    const shelf = await createShelf(port, seed)
    // Long enough for everything to be compiled, and for the caches to have what is asked for.
    await workFor(port, clients, Math.min(10, seconds / 4), imageWork(shelf, pulls))
    const use = watch()
    const load = await workFor(port, clients, seconds, imageWork(shelf, pulls))
    return { clients, seconds, load, use: use.end(), drain: await endUnderLoad(server, port, shelf) }
  })
}

/** SIGTERM in the middle: every request that was sent is answered, and the process ends with 0. */
async function endUnderLoad(server: ServerProcess, port: number, shelf: Shelf) {
  const phase = phaseOf(20)
  const work = workTogether(port, clients, phase, imageWork(shelf, pulls))
  await Bun.sleep(500)
  const asked = performance.now()
  await server.stop()
  const milliseconds = Math.round(performance.now() - asked)
  await work
  return { milliseconds, farewells: phase.tally.farewells }
}
