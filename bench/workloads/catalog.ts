import { artifactOf, emptyConfig, getJson, openCrew, workTogether } from '../load/index.ts'
import { beside, besidePart, limit } from './goals.ts'
import { checkNames } from './tag-lists.ts'
import type { Scale, Workload } from './workload.ts'

const clients = 2
const pageSize = 100
const [first, middle] = ['first page', 'middle page'] as const
const names = (scale: Scale): string[] =>
  Array.from({ length: scale(2000) }, (_, number) => `bench/r${`${number}`.padStart(6, '0')}`)

/** L2: what mirrors and consoles begin with. */
export const catalog: Workload = {
  id: 'L2',
  title: 'Catalog of 2,000 repositories',
  what:
    `_catalog with n=${pageSize}, asked for by ${clients} clients at the beginning and in the middle of ` +
    '2,000 repositories with one ' +
    'manifest each. Every name that comes is compared. olareg has no catalog.',
  parts: [{ name: first }, { name: middle }],
  unit: 'page',
  cpuUnit: 'ms',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'distribution', 'docker-registry', 'zot'],
  tools: {},
  warmUp: 4,
  measured: 3,
  goals: [
    beside('distribution', 'cpuMicros', 1 / 3, first),
    beside('distribution', 'cpuMicros', 1 / 3, middle),
    limit('cpuMicros', 1, 'ms', 1000, first),
    besidePart('cpuMicros', 1.2, middle, first),
  ],
  fill: async (_, { port }, scale) => {
    const repositories = names(scale)
    const { manifest } = artifactOf([])
    const crew = await openCrew(port, 8)
    try {
      await crew.share(repositories.length, async (client, index) => {
        const repository = repositories[index] ?? ''
        await client.pushBlob(repository, emptyConfig)
        await client.pushManifest(repository, 'latest', manifest)
      })
    } finally {
      crew.close()
    }
  },
  prepare: async (_, { port }, scale) => {
    const repositories = names(scale)
    const size = scale(pageSize)
    const half = Math.floor(repositories.length / 2)
    return {
      run: async (seconds, part) =>
        await workTogether(clients, seconds, async () => {
          const from = part === first ? 0 : half
          const query = from > 0 ? `&last=${encodeURIComponent(repositories[from - 1] ?? '')}` : ''
          const list = (await getJson(port, `/v2/_catalog?n=${size}${query}`)) as { readonly repositories?: readonly string[] }
          checkNames(list.repositories, repositories.slice(from, from + size))
        }),
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}
