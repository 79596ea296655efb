import { basic, type Crew, hammer, largeBlob, type Nail, numberedBlob, readLarge, type RegistryClient, sampleEvery, withCrew } from '../load/index.ts'
import type { RunningSystem, System } from '../systems/index.ts'
import { besideBest, besidePart, limit } from './goals.ts'
import { closed, type Credentials, credentialsOf, fillGuarded, holdLarge, howItIsGuarded } from './guarded-registry.ts'
import { image, repository as open, wrk } from './image.ts'
import type { Goal, Part, Workload } from './workload.ts'

const connections = 32

const [anonymous, password] = ['anonymous', 'password'] as const
const named = [password, 'robot', 'token'] as const
type Who = typeof anonymous | (typeof named)[number]

const everybody: readonly Who[] = [anonymous, ...named]

const things = {
  manifest: { kind: 'manifests', reference: image.manifest.digest, content: image.manifest },
  'blob 1 KB': { kind: 'blobs', reference: numberedBlob(0).digest, content: numberedBlob(0) },
} as const

const kinds = Object.keys(things) as (keyof typeof things)[]
const partOf = (kind: keyof typeof things, who: Who): string => `${kind}, ${who}`

/** Somebody's part beside anybody's. */
const noDearer = (part: string, other: string): Goal[] => [
  besidePart('cpuMicros', 1 / 0.9, part, other),
  besidePart('rate', 0.9, part, other),
]

/** A1: what it costs to know who asks, and to decide. */
export const guardedReads: Workload = {
  id: 'A1',
  title: 'Manifest and small blob, by somebody',
  what:
    'As M1 and B1. Anonymous clients ask for what is public; with the password of a user and with the secret of a robot, both ' +
    'sent as Basic, and with a token of the user, sent as Bearer, wrk asks for the same in a private project. Meanwhile a client ' +
    `of our own asks for it every ${sampleEvery} ms in the same way and hashes what it gets. ${howItIsGuarded} The peers look up ` +
    'one user in an htpasswd file, with bcrypt at cost 5, the least that is in use.',
  parts: kinds.flatMap((kind) =>
    everybody.map((who): Part => ({ name: partOf(kind, who), ...(who === password ? {} : { systems: ['berth'] }) })),
  ),
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'distribution', 'docker-registry'],
  tools: wrk,
  login: true,
  warmUp: 3,
  measured: 6,
  turns: 6,
  goals: kinds.flatMap((kind) => [
    ...named.flatMap((who) => noDearer(partOf(kind, who), partOf(kind, anonymous))),
    besideBest('rate', 2, partOf(kind, password)),
  ]),
  fill: fillGuarded,
  prepare: async (system, server) => {
    const nails = nailsOf(server, await headersOf(system, server))
    let isCold = true
    return {
      run: async (seconds, part) => {
        const nail = nails.get(part)
        if (nail === undefined) throw new Error(`no part is named ${part}`)
        // What comes first is not to be measured with code that is still being compiled.
        if (isCold) await hammer(nail, 2 * seconds)
        isCold = false
        return await hammer(nail, seconds)
      },
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

type Headers = Readonly<Partial<Record<Who, string>>>

async function headersOf(system: System, server: RunningSystem): Promise<Headers> {
  const { login } = server.place
  return system.id === 'berth' || login === undefined ? await credentialsOf(server) : { password: basic(login) }
}

function nailsOf({ port }: RunningSystem, headers: Headers): Map<string, Nail> {
  const nailFor = (kind: keyof typeof things, who: Who): Nail => {
    const authorization = headers[who]
    return { ...things[kind], port, repository: who === anonymous ? open : closed, connections, authorization }
  }
  return new Map(kinds.flatMap((kind) => everybody.map((who) => [partOf(kind, who), nailFor(kind, who)] as const)))
}

const readers = [anonymous, password, 'token'] as const

/** A2: the layer that takes the time, where somebody has to be known. */
export const guardedLayers: Workload = {
  id: 'A2',
  title: 'Blob GET, 256 MB, by somebody',
  what:
    'One client of our own, over one connection, asks for one blob of 256 MB and compares every byte that comes: as anybody, with ' +
    "a password and with a token. Everything else is A1's.",
  parts: readers.map((name) => ({ name })),
  unit: 'GB',
  cpuUnit: 's',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth'],
  tools: {},
  login: true,
  warmUp: 3,
  measured: 6,
  turns: 6,
  goals: readers.slice(1).flatMap((who) => noDearer(who, anonymous)),
  fill: fillGuarded,
  prepare: async (_, server, scale) => {
    const blob = largeBlob(0, scale(256_000_000))
    for (const repository of [open, closed]) await holdLarge(server, repository, blob)
    const headers: Headers = await credentialsOf(server)
    return {
      run: async (seconds, part) => {
        const repository = part === anonymous ? open : closed
        const read = async (crew: Crew) => await crew.work(seconds, async (client) => await readLarge(client, repository, blob))
        const work = await withCrew(server.port, 1, read, { authorization: headers[part as Who] })
        return { ...work, done: (work.done * blob.size) / 1e9 }
      },
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

const clients = 8
const asked = ['for a password', 'for a robot', 'for a refresh token'] as const

/** A3: what clients do before every pull, and CI in each of its jobs. */
export const tokens: Workload = {
  id: 'A3',
  title: 'Tokens',
  what:
    `${clients} clients of our own ask the token service for tokens to pull from one repository, with GET and Basic and with POST and a ` +
    "refresh token, and look whether there is one in each answer. Everything else is A1's.",
  parts: asked.map((name) => ({ name })),
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth'],
  tools: {},
  login: true,
  warmUp: 3,
  measured: 3,
  goals: asked.map((part) => limit('rate', 1000, 'a second', 1, part)),
  fill: fillGuarded,
  prepare: async (_, server) => {
    const known = await credentialsOf(server)
    return {
      run: async (seconds, part) => {
        const request = tokenRequest(known, part)
        const ask = async (client: RegistryClient): Promise<void> => {
          const { body } = await client.ask(200, request)
          if (!/"token":"[\w-]+\.[\w-]+\.[\w-]+"/.test(body.toString('latin1'))) throw new Error(`an answer without a token: ${body.toString().slice(0, 300)}`)
        }
        return await withCrew(server.port, clients, async (crew) => await crew.work(seconds, ask))
      },
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

function tokenRequest(known: Credentials, part: string) {
  const { service, refreshToken } = known
  const scope = `repository:${closed}:pull`
  if (part === 'for a refresh token') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, service, scope })
    return {
      method: 'POST',
      target: '/token',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    }
  }
  const headers = { Authorization: part === 'for a robot' ? known.robot : known.password }
  return { method: 'GET', target: `/token?${new URLSearchParams({ service, scope }).toString()}`, headers }
}
