import { getJson, numberedManifest, withCrew, workTogether } from '../load/index.ts'
import type { SystemId } from '../systems/index.ts'
import { beside, besideBest, besidePart, limit } from './goals.ts'
import { image, repository } from './image.ts'
import { giveTags, howTagsCame, manyTags, tagNames } from './many-tags.ts'
import type { Workload } from './workload.ts'

const clients = 2
const pageSize = 1000
const [first, middle, last, full, changed] = ['first page', 'middle page', 'last page', 'all', 'all, after a push'] as const
/** docker-registry knows no pages of tags. */
const paging: readonly SystemId[] = ['berth', 'distribution', 'zot', 'olareg']

/** L1: what consoles and clean-up jobs ask for. */
export const tagLists: Workload = {
  id: 'L1',
  title: 'Tags of a repository with 100,000',
  what:
    `tags/list, asked for by ${clients} clients: pages of ${pageSize} at the beginning, in the middle ` +
    'and at the end, and all of it at ' +
    'once; then all of it each time after a push that moved a tag, the push included, as Berth keeps a list while nothing in ' +
    `its repository changes. Every name that comes is compared. ${howTagsCame}`,
  parts: [
    { name: first, systems: paging },
    { name: middle, systems: paging },
    { name: last, systems: paging },
    { name: full },
    { name: changed },
  ],
  unit: 'page',
  cpuUnit: 'ms',
  shows: ['cpuMicros', 'rate'],
  systems: [...paging, 'docker-registry'],
  tools: {},
  warmUp: 1,
  measured: 3,
  goals: [
    ...[first, last, full, changed].flatMap((part) => [besideBest('cpuMicros', 1 / 10, part), beside('olareg', 'cpuMicros', 1, part)]),
    ...[first, middle, last].map((part) => limit('cpuMicros', 5, 'ms', 1000, part)),
    besidePart('cpuMicros', 1.2, last, first),
    limit('cpuMicros', 60, 'ms', 1000, changed),
  ],
  fill: async (system, server, scale) => await giveTags(system, server, manyTags(scale)),
  prepare: async (_, { port }, scale) => {
    const tags = tagNames(manyTags(scale))
    const size = scale(pageSize)
    const begin = (part: string): number =>
      part === middle ? Math.floor(tags.length / 2) : part === last ? tags.length - size : 0
    const ask = async (part: string): Promise<void> => {
      const from = begin(part)
      const whole = part === full || part === changed
      const query = whole ? '' : `?n=${size}${from > 0 ? `&last=${tags[from - 1]}` : ''}`
      const list = (await getJson(port, `/v2/${repository}/tags/list${query}`)) as { readonly tags?: readonly string[] }
      // Only pages must come in order.
      if (whole) checkNames(list.tags?.toSorted(), tags)
      else checkNames(list.tags, tags.slice(from, from + size))
    }
    let pushes = 0
    const askAfterPushes = async (seconds: number) =>
      await withCrew(port, clients, async (crew) =>
        await crew.work(seconds, async (client) => {
          await client.pushManifest(repository, tags[0] ?? '', numberedManifest(image.manifest, pushes++))
          await ask(changed)
        }),
      )
    return {
      run: async (seconds, part) =>
        part === changed ? await askAfterPushes(seconds) : await workTogether(clients, seconds, async () => await ask(part)),
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
