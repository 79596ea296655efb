import { type Content, emptyConfig, getJson, openCrew, referrerOf, workTogether } from '../load/index.ts'
import { beside, limit } from './goals.ts'
import { image, repository } from './image.ts'
import type { Scale, Workload } from './workload.ts'

const clients = 2
const [all, filtered] = ['all', 'of one type'] as const
const types = ['application/vnd.berth.signature', 'application/vnd.berth.sbom'] as const
const referrersOf = (scale: Scale): Content[] =>
  Array.from({ length: scale(1000) }, (_, number) => referrerOf(image.manifest, types[number % 2] ?? types[0], number))

/** L3: what admission controllers ask before they let an image in. */
export const referrers: Workload = {
  id: 'L3',
  title: 'Referrers of an image that has 1,000',
  what:
    `The referrers of one manifest, asked for by ${clients} clients: all 1,000, and the half that has ` +
    'one artifactType. Every digest that ' +
    'comes is compared. distribution and docker-registry have no such list.',
  parts: [{ name: all }, { name: filtered }],
  unit: 'page',
  cpuUnit: 'ms',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'zot', 'olareg'],
  tools: {},
  warmUp: 4,
  measured: 3,
  goals: [all, filtered].flatMap((part) => [
    beside('zot', 'cpuMicros', 1 / 15, part),
    beside('olareg', 'cpuMicros', 1, part),
    limit('cpuMicros', 10, 'ms', 1000, part),
  ]),
  fill: async (system, { place, port }, scale) => {
    await system.hold(place, repository, image)
    const list = referrersOf(scale)
    // One after the other: at the same time olareg 0.1.2 loses some.
    const crew = await openCrew(port, 1)
    try {
      await crew.first.pushBlob(repository, emptyConfig)
      await crew.share(list.length, async (client, index) => {
        const referrer = list[index]
        if (referrer !== undefined) await client.pushManifest(repository, referrer.digest, referrer)
      })
    } finally {
      crew.close()
    }
  },
  prepare: async (_, { port }, scale) => {
    const list = referrersOf(scale).map(({ digest }) => digest)
    const wanted = { [all]: new Set(list), [filtered]: new Set(list.filter((_digest, number) => number % 2 === 0)) }
    return {
      run: async (seconds, part) =>
        await workTogether(clients, seconds, async () => {
          const query = part === filtered ? `?artifactType=${encodeURIComponent(types[0])}` : ''
          const index = (await getJson(port, `/v2/${repository}/referrers/${image.manifest.digest}${query}`)) as Index
          checkDigests(index, wanted[part === filtered ? filtered : all])
        }),
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

interface Index {
  readonly manifests?: readonly { readonly digest: string }[]
}

function checkDigests({ manifests = [] }: Index, wanted: ReadonlySet<string>): void {
  const came = new Set(manifests.map(({ digest }) => digest))
  if (came.size !== wanted.size || manifests.length !== wanted.size || ![...came].every((digest) => wanted.has(digest))) {
    throw new Error(`${manifests.length} referrers, ${came.size} of them different, instead of ${wanted.size}`)
  }
}
