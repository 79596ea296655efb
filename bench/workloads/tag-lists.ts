import { getJson, workTogether } from '../load/index.ts'
import type { SystemId } from '../systems/index.ts'
import { beside, besideBest, besidePart, limit } from './goals.ts'
import { repository } from './image.ts'
import { giveTags, howTagsCame, manyTags, tagNames } from './many-tags.ts'
import type { Workload } from './workload.ts'

const clients = 2
const pageSize = 1000
const [first, middle, last, full] = ['first page', 'middle page', 'last page', 'all'] as const
/** docker-registry knows no pages of tags. */
const paging: readonly SystemId[] = ['berth', 'distribution', 'zot', 'olareg']

/** L1: what consoles and clean-up jobs ask for. */
export const tagLists: Workload = {
  id: 'L1',
  title: 'Tags of a repository with 100,000',
  what:
    `tags/list, asked for by ${clients} clients: pages of ${pageSize} at the beginning, in the middle ` +
    'and at the end, and all of it at ' +
    `once. Every name that comes is compared. ${howTagsCame}`,
  parts: [{ name: first, systems: paging }, { name: middle, systems: paging }, { name: last, systems: paging }, { name: full }],
  unit: 'page',
  cpuUnit: 'ms',
  shows: ['cpuMicros', 'rate'],
  systems: [...paging, 'docker-registry'],
  tools: {},
  warmUp: 1,
  measured: 3,
  goals: [
    ...[first, last, full].flatMap((part) => [besideBest('cpuMicros', 1 / 10, part), beside('olareg', 'cpuMicros', 1, part)]),
    ...[first, middle, last].map((part) => limit('cpuMicros', 5, 'ms', 1000, part)),
    besidePart('cpuMicros', 1.2, last, first),
    limit('cpuMicros', 60, 'ms', 1000, full),
  ],
  fill: async (system, server, scale) => await giveTags(system, server, manyTags(scale)),
  prepare: async (_, { port }, scale) => {
    const tags = tagNames(manyTags(scale))
    const size = scale(pageSize)
    const begin = (part: string): number =>
      part === middle ? Math.floor(tags.length / 2) : part === last ? tags.length - size : 0
    const ask = async (part: string): Promise<void> => {
      const from = begin(part)
      const query = part === full ? '' : `?n=${size}${from > 0 ? `&last=${tags[from - 1]}` : ''}`
      const list = (await getJson(port, `/v2/${repository}/tags/list${query}`)) as { readonly tags?: readonly string[] }
      // Only pages must come in order.
      if (part === full) checkNames(list.tags?.toSorted(), tags)
      else checkNames(list.tags, tags.slice(from, from + size))
    }
    return {
      run: async (seconds, part) => await workTogether(clients, seconds, async () => await ask(part)),
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

/** @throws Error where a list is not what it should be */
export function checkNames(names: readonly string[] | undefined, wanted: readonly string[]): void {
  const wrong = wanted.findIndex((name, index) => names?.[index] !== name)
  if (wrong < 0 && names?.length === wanted.length) return
  throw new Error(`a list of ${names?.length} instead of ${wanted.length} names: ${names?.[wrong]} instead of ${wanted[wrong]}`)
}
