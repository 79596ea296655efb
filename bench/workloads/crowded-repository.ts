import { type Crew, hammer, withCrew } from '../load/index.ts'
import { beside, besidePart } from './goals.ts'
import { everySystem, image, wrk, repository as crowded } from './image.ts'
import { giveTags, howTagsCame, manyTags, tagNames } from './many-tags.ts'
import type { Workload } from './workload.ts'

/** Few, so that also a registry that needs a fifth of a second for each answer gives some. */
const connections = 8
const lonely = 'bench/lonely'
const kinds = ['GET by digest', 'GET by tag', 'PUT of a tag'] as const
const among = (kind: string): string => `${kind}, 100,000 tags`
const alone = (kind: string): string => `${kind}, one tag`

/** M4: whether a repository grows slow. */
export const crowdedRepository: Workload = {
  id: 'M4',
  title: 'Manifests in a repository with 100,000 tags',
  what:
    `GET by digest, GET by tag (wrk, ${connections} connections) and PUT under new tags (${connections} ` +
    'clients of our own), in a ' +
    `repository with 100,000 tags and, for comparison in the same process, in one with a single tag. ${howTagsCame}`,
  parts: kinds.flatMap((kind) => [{ name: among(kind) }, { name: alone(kind) }]),
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem.filter((id) => id !== 'nginx'),
  tools: wrk,
  warmUp: 4,
  measured: 2,
  goals: kinds.flatMap((kind) => [
    beside('zot', 'cpuMicros', 1 / 1000, among(kind)),
    beside('distribution', 'cpuMicros', 1 / 4, among(kind)),
    besidePart('cpuMicros', 1.2, among(kind), alone(kind)),
  ]),
  fill: async (system, server, scale) => {
    await system.hold(server.place, lonely, image, 'latest')
    await giveTags(system, server, manyTags(scale))
  },
  prepare: async (_, { port }, scale) => {
    const tags = tagNames(manyTags(scale))
    const { manifest } = image
    const nail = { port, kind: 'manifests', content: manifest, connections } as const
    // Of this run alone: the storage is kept from run to run.
    const run = `n${process.hrtime.bigint()}`
    let pushed = 0
    const putTags = async (crew: Crew, seconds: number, repository: string) =>
      await crew.work(seconds, async (client) => await client.pushManifest(repository, `${run}-${pushed++}`, manifest))
    return {
      run: async (seconds, part) => {
        const repository = part.endsWith(', one tag') ? lonely : crowded
        if (part.startsWith('PUT')) {
          return await withCrew(port, connections, async (crew) => await putTags(crew, seconds, repository))
        }
        const tag = repository === lonely ? 'latest' : (tags[Math.floor(tags.length / 2)] ?? '')
        return await hammer({ ...nail, repository, reference: part.includes('by tag') ? tag : manifest.digest }, seconds)
      },
      check: async () =>
        await withCrew(port, 1, async ({ first }) => await first.checkManifest(crowded, `${run}-0`, manifest)),
      close: () => {},
    }
  },
}
