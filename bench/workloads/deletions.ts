import { artifactOf, type Content, emptyConfig, numberedBlob, numberedManifest, type RegistryClient, withCrew } from '../load/index.ts'
import { readUse } from '../machine/index.ts'
import { besidePart } from './goals.ts'
import { fillStocks, fullStock } from './stocked-repository.ts'
import type { Outcome, Scale, Workload } from './workload.ts'

const clients = 8
const references = 10
/** Blobs from this number on are in no stock, and pushed by nothing else. */
const firstLayer = 2 ** 31
const kinds = ['tag', 'manifest'] as const
type Kind = (typeof kinds)[number]
const among = (kind: Kind): string => `${kind}, 1,000,000 blobs`
const alone = (kind: Kind): string => `${kind}, nothing else`

/** G2: whether taking something away grows with what stays. */
export const deletions: Workload = {
  id: 'G2',
  title: 'Deleting in a repository with 1,000,000 blobs and 100,000 tags',
  what:
    `In the storage of X3, and in a repository of it that has nothing else, ${clients} clients of our own delete tags, and manifests with ` +
    `${references} layers and a tag, all of which they have pushed just before. There is no trash (\`trash.retention: 0s\`): what a manifest ` +
    'refers to is let go in the same transaction. Only the deletions are measured; afterwards one of each is asked for.',
  parts: kinds.flatMap((kind) => [{ name: among(kind) }, { name: alone(kind) }]),
  unit: 'operation',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth'],
  tools: {},
  settings: () => 'trash:\n  retention: 0s\n',
  warmUp: 1,
  measured: 0,
  goals: kinds.map((kind) => besidePart('cpuMicros', 1.2, among(kind), alone(kind))),
  fill: fillStocks,
  prepare: async (_, { port, pid }, scale) => {
    const full = fullStock(scale).repository
    // The first of each kind warms up what both use.
    const warm = new Set<Kind>()
    const last = new Map<string, string>()
    const remove = async (kind: Kind, repository: string): Promise<Outcome> => {
      const pushed = await pushMany(port, repository, scale)
      const before = readUse(pid).cpuSeconds
      const one = async (client: RegistryClient, index: number): Promise<void> => {
        const { tag, manifest } = pushed[index] ?? missing()
        const target = `/v2/${repository}/manifests/${kind === 'tag' ? tag : manifest.digest}`
        await client.ask(202, { method: 'DELETE', target })
        last.set(kind, `/v2/${repository}/manifests/${tag}`)
      }
      const work = await withCrew(port, clients, async (crew) => await crew.share(pushed.length, one))
      return { ...work, serverSeconds: readUse(pid).cpuSeconds - before }
    }
    return {
      run: async (_seconds, part) => {
        const kind = kinds.find((each) => part === among(each) || part === alone(each)) ?? missing()
        if (!warm.has(kind)) await remove(kind, 'bench/warm')
        warm.add(kind)
        return await remove(kind, part === among(kind) ? full : 'bench/nothing-else')
      },
      check: async () =>
        await withCrew(port, 1, async ({ first }) => {
          for (const target of last.values()) await first.ask(404, { method: 'GET', target })
        }),
      close: () => {},
    }
  },
}

interface Pushed {
  readonly tag: string
  readonly manifest: Content
}

/** The storage is kept from run to run, and nothing is pushed twice. */
let pushedEver = 0

/** Manifests over the same ten layers, each with a tag of its own: that they share them makes a deletion neither more nor less. */
async function pushMany(port: number, repository: string, scale: Scale): Promise<Pushed[]> {
  const layers = Array.from({ length: references }, (_, index) => numberedBlob(firstLayer + index))
  const { manifest } = artifactOf(layers)
  const pushed = Array.from({ length: scale(2_000) }, () => {
    const number = pushedEver++
    return { tag: `d${number}`, manifest: numberedManifest(manifest, number) }
  })
  await withCrew(port, clients, async (crew) => {
    for (const blob of [emptyConfig, ...layers]) await crew.first.pushBlob(repository, blob)
    await crew.share(pushed.length, async (client, index) => {
      const { tag, manifest: one } = pushed[index] ?? missing()
      await client.pushManifest(repository, tag, one)
    })
  })
  return pushed
}

function missing(): never {
  throw new Error('there is nothing to delete: too small a scale')
}
