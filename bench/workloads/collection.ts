import { getJson, type Work } from '../load/index.ts'
import { readUse } from '../machine/index.ts'
import { endLeases } from '../rows/index.ts'
import { createCollecting } from './collecting.ts'
import { besidePart } from './goals.ts'
import { workOn } from './stock-work.ts'
import { fillStocks, fullStock, type Stock, stockFrom } from './stocked-repository.ts'
import type { Load, Outcome, Scale, Workload } from './workload.ts'

const acts = ['push', 'pull'] as const
type Act = (typeof acts)[number]
const quiet = (act: Act): string => `${act}, nothing to collect`
const busy = (act: Act): string => `${act}, while it collects`
const [meanwhile, alone] = ['blobs collected meanwhile', 'blobs collected, no requests'] as const

/** Manifests: in the five runs together 30 of a hundred. */
const garbage = { meanwhile: 5_000, alone: 1_000 } as const
/** They may be gone before anybody looks. */
const fewManifests = 100
const leaseOf = (scale: Scale): number => scale(30)

/** G1: whether anybody notices that room is being made. */
export const collection: Workload = {
  id: 'G1',
  title: 'Collection under load, 1,000,000 blobs',
  what:
    'In the storage of X3, a day later (its leases are moved back while Berth does not run, and what comes due by that is looked at before ' +
    'anything is measured), 8 clients of our own push artifacts and 8 others pull, as in X4 and both at the same time: first with nothing to ' +
    'collect; then while what 5,000 deleted manifests held, 50,000 blobs, is collected at the default `gc.rate`. At last 1,000 more are deleted ' +
    'and collected without any requests. The five runs delete 30 % of all. There is no trash (`trash.retention: 0s`), and `gc.lease` is 30 s, so ' +
    'that what is deleted comes due soon. CPU of a push and of a pull is that of both, divided by all of them; CPU of a blob that is collected ' +
    'meanwhile is what was used beyond that. A blob takes two steps, of which each counts half. A run is void when all was collected before the ' +
    'time was over, and when something is left in the end.',
  parts: [...acts.map(quiet), ...acts.map(busy), meanwhile, alone].map((name) => ({ name })),
  unit: 'operation',
  cpuUnit: 'µs',
  shows: ['p99', 'cpuMicros', 'rate'],
  systems: ['berth'],
  tools: {},
  metrics: true,
  settings: (scale) => `trash:\n  retention: 0s\ngc:\n  lease: ${leaseOf(scale)}s\n  interval: 1s\n`,
  warmUp: 3,
  measured: 10,
  goals: acts.map((act) => besidePart('p99', 1.2, busy(act), quiet(act))),
  fill: fillStocks,
  age: endLeases,
  prepare: async (_, server, scale) => {
    const stock = await whatIsLeft(server.port, fullStock(scale))
    const work = workOn(server.port, stockFrom(stock, scale(garbage.meanwhile) + scale(garbage.alone)), scale)
    const collecting = createCollecting(server, stock, leaseOf(scale))
    await collecting.untilIdle()
    return loadOf(scale, {
      collecting,
      use: () => readUse(server.pid).cpuSeconds,
      mix: async (seconds) => await Promise.all([work.run.push(seconds), work.run.pull(seconds)]),
    })
  },
}

interface Parts {
  readonly collecting: ReturnType<typeof createCollecting>
  /** CPU of the server until now, in seconds. */
  readonly use: () => number
  /** Pushes and pulls at the same time. */
  readonly mix: (seconds: number) => Promise<readonly [push: Work, pull: Work]>
}

type Known = Map<string, Outcome>
/** CPU in seconds, and how many operations it was for. */
type Sum = { used: number; done: number }

/** Both at once; what came of each is known under its name afterwards. */
async function measureMix({ use, mix }: Parts, seconds: number, known: Known, nameOf: (act: Act) => string, sum: Sum): Promise<void> {
  const before = use()
  const [push, pull] = await mix(seconds)
  const used = use() - before
  const all = push.done + pull.done
  sum.used += used
  sum.done += all
  for (const [act, work] of [['push', push], ['pull', pull]] as const) {
    known.set(nameOf(act), { ...work, serverSeconds: (used * work.done) / all })
  }
}

/** What is measured at the same time is measured when the first of it is asked for. */
function loadOf(scale: Scale, parts: Parts): Load {
  const { collecting, use } = parts
  const known: Known = new Map()
  const [idle, loaded]: [Sum, Sum] = [{ used: 0, done: 0 }, { used: 0, done: 0 }]
  const whileItCollects = async (seconds: number): Promise<void> => {
    if (loaded.done === 0) await collecting.begin(scale(garbage.meanwhile))
    await measureMix(parts, seconds, known, busy, loaded)
    if (scale(garbage.meanwhile) > fewManifests && (await collecting.isOver())) throw new Error('all was collected before the time was over')
    const serverSeconds = Math.max(0, loaded.used - (loaded.done * idle.used) / idle.done)
    known.set(meanwhile, { ...(await collecting.since()), serverSeconds })
  }
  const undisturbed = async (): Promise<void> => {
    if (known.has(alone)) return
    await collecting.end()
    await collecting.begin(scale(garbage.alone))
    const before = use()
    await collecting.end()
    known.set(alone, { ...(await collecting.since()), serverSeconds: use() - before })
  }
  const runs: Readonly<Record<string, (seconds: number) => Promise<void>>> = {
    [quiet('push')]: async (seconds) => await measureMix(parts, seconds, known, quiet, idle),
    [busy('push')]: whileItCollects,
    [alone]: undisturbed,
  }
  return {
    run: async (seconds, part) => {
      await runs[part]?.(seconds)
      const outcome = known.get(part)
      if (outcome === undefined) throw new Error(`no part is named ${part}`)
      return outcome
    },
    check: async () => await collecting.check(),
    close: () => {},
  }
}

/** The runs before this one have deleted the first of its tags. */
async function whatIsLeft(port: number, stock: Stock): Promise<Stock> {
  const { tags } = (await getJson(port, `/v2/${stock.repository}/tags/list?n=1`)) as { readonly tags: readonly string[] }
  const from = stock.tags.indexOf(tags[0] ?? '')
  if (from < 0) throw new Error(`${stock.repository} begins with the tag ${tags[0]}`)
  return stockFrom(stock, from)
}
