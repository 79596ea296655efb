import { memoryAtRest } from '../machine/index.ts'
import { besidePart } from './goals.ts'
import { type Act, acts, howWorked, workOn } from './stock-work.ts'
import { fillStocks, fullStock, smallStock } from './stocked-repository.ts'
import type { Workload } from './workload.ts'

const full = (act: Act): string => `${act}, 1,000,000 blobs`
const small = (act: Act): string => `${act}, 3,000 blobs`

/** X4: whether anything grows with what is stored. */
export const fullRepository: Workload = {
  id: 'X4',
  title: 'Work in a repository with 1,000,000 blobs and 100,000 tags',
  what:
    'The storage of X3, which also has a repository with 3,000 blobs and 300 tags. In each of the two, in the same process, ' +
    `${howWorked} Every answer is checked, what is pulled is hashed, every name in a list is compared, and of what was ` +
    'pushed and deleted samples are asked for afterwards. Before the first, the server collects what the run before deleted. The ' +
    'first warm-up of each kind is in both, that of the first one twice. Memory at rest is read after each, as in X3.',
  parts: acts.flatMap((act) => [{ name: full(act) }, { name: small(act) }]),
  unit: 'operation',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'restBytes'],
  systems: ['berth'],
  tools: {},
  warmUp: 6,
  measured: 4,
  goals: acts.map((act) => besidePart('cpuMicros', 1.2, full(act), small(act))),
  fill: fillStocks,
  prepare: async (_, { port, pid }, scale) => {
    await memoryAtRest(pid, scale(5))
    const [great, little] = [workOn(port, fullStock(scale), scale), workOn(port, smallStock(scale), scale)]
    const begun = new Set<Act>()
    return {
      run: async (seconds, part) => {
        const act = acts.find((one) => part === full(one) || part === small(one))
        if (act === undefined) throw new Error(`no part is named ${part}`)
        // The first warm-up is in both: otherwise the one that comes first would pay for what is compiled meanwhile.
        if (begun.size === 0) for (const work of [great, little]) await work.run[act](seconds)
        if (!begun.has(act)) await little.run[act](seconds)
        begun.add(act)
        return await (part === full(act) ? great : little).run[act](seconds)
      },
      check: async () => {
        await great.check()
        await little.check()
      },
      close: () => {},
    }
  },
}
