import { type Crew, hammer, manifestType, withCrew } from '../load/index.ts'
import { beside, besidePart } from './goals.ts'
import { everySystem, image, repository, wrk } from './image.ts'
import type { Workload } from './workload.ts'

const connections = 32
const tag = 'latest'
const [byDigest, get, head] = ['GET by digest', 'GET by tag', 'HEAD by tag'] as const

const headRequest = { method: 'HEAD', target: `/v2/${repository}/manifests/${tag}`, headers: { Accept: manifestType } } as const

/** M2: what a pull by name begins with. */
export const manifestByTag: Workload = {
  id: 'M2',
  title: 'Manifest GET and HEAD by tag',
  what:
    `A manifest of 1.5 KB under one tag, asked for over ${connections} connections: by wrk, and for ` +
    'HEAD, which wrk cannot do, by ' +
    'clients of our own, which compare the digest in every answer. By digest as in M1, for comparison in the same process.',
  parts: [{ name: byDigest }, { name: get }, { name: head }],
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: wrk,
  warmUp: 6,
  measured: 6,
  turns: 6,
  goals: [get, head].flatMap((part) => [
    beside('distribution', 'cpuMicros', 1 / 10, part),
    beside('zot', 'cpuMicros', 1 / 4, part),
    beside('olareg', 'cpuMicros', 0.6, part),
    besidePart('cpuMicros', 1.1, part, byDigest),
  ]),
  prepare: async (system, { place, port }) => {
    await system.hold(place, repository, image, tag)
    const { manifest } = image
    const nail = { port, repository, kind: 'manifests', content: manifest, connections } as const
    const heads = async (crew: Crew, seconds: number) =>
      await crew.work(seconds, async (client) => {
        const { headers } = await client.ask(200, headRequest)
        // nginx, which is no registry, names none.
        const named = headers.get('docker-content-digest') ?? manifest.digest
        if (named !== manifest.digest) throw new Error(`HEAD by tag: ${named} instead of ${manifest.digest}`)
      })
    return {
      run: async (seconds, part) => {
        if (part === head) return await withCrew(port, connections, async (crew) => await heads(crew, seconds))
        return await hammer({ ...nail, reference: part === get ? tag : manifest.digest }, seconds)
      },
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}
