import type { Digest } from '../../src/oci/index.ts'
import { createContent, type Content } from '../rig/content.ts'
import type { TrashEntry } from '../../src/registry/index.ts'
import { createRandom, type Random } from '../rig/random.ts'
import { Violation } from '../rig/client.ts'
import { createApi, type Api, type Image } from './api.ts'
import { Lost, type Network, Refused } from './network.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** An image that was acknowledged, for others to read, index, delete and push again. */
export interface Pushed {
  readonly repository: string
  readonly image: Image
  readonly contents: readonly Content[]
}

/** What the clients of a run share. */
export interface Workload {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly network: Network
  readonly outside: Life
  readonly repositories: readonly string[]
  /** Layers that several clients push, so that they meet. */
  readonly layers: readonly Content[]
  readonly pushed: Pushed[]
  /** Somebody is about to put an index of it: a good moment to delete it. */
  readonly awaited: Pushed[]
  /** Somebody is reading it slowly: a good moment to purge it. */
  readonly watched: Pushed[]
  /** Somebody has just purged it: a good moment to push it again. */
  readonly purged: Pushed[]
  /** Somebody is about to restore it: a good moment to do so as well, or to purge it. */
  readonly wanted: TrashEntry[]
  /** How long what is deleted can be brought back, in ms. */
  readonly retention: number
  /** Enough was done: finish what you are at. */
  readonly over: () => boolean
  /** No fault strikes any more, so nothing may go on failing. */
  readonly calm: () => boolean
}

/** A client with its own stream of choices. */
export interface Client {
  readonly name: string
  readonly api: Api
  readonly random: Random
  /** Waits for some time: often not at all, sometimes long enough for leases to end. */
  pause(kind: 'short' | 'long'): Promise<void>
  /** Does it again until it is done. Fails with what can't pass, and when it does not pass although nothing is wrong. */
  persist<Result>(what: string, work: () => Promise<Result>): Promise<Result>
}

/** Refusals after which a client begins the same again. */
const passing: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'UNAVAILABLE',
  'STORAGE_FULL',
  'BLOB_UPLOAD_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'RANGE_INVALID',
  'SIZE_INVALID',
])

export function isPassing(error: unknown): boolean {
  return error instanceof Lost || (error instanceof Refused && passing.has(error.code))
}

const minute = 60_000
/** So many tries are enough when nothing is wrong. */
const triesInCalm = 12

export function createClient(workload: Workload, name: string): Client {
  const random = createRandom(workload.seed, name)
  // Everybody wakes at whole minutes, so that they meet.
  const sleep = (minutes: number): Promise<void> => {
    const { scheduler, outside } = workload
    const due = Math.ceil((scheduler.now + minutes * minute) / minute) * minute
    return scheduler.sleep(outside, due - scheduler.now)
  }
  return Object.freeze<Client>({
    name,
    random,
    api: createApi(workload.network, name),
    pause: async (kind) => {
      if (random.chance(0.5)) return
      await sleep(kind === 'short' ? random.pick([0, 1, 5]) : random.pick([5, 20, 31, 45, 59]))
    },
    persist: async (what, work) => {
      for (let inCalm = 0; ; ) {
        try {
          return await work()
        } catch (error) {
          if (!isPassing(error)) throw error
          if (workload.calm() && ++inCalm > triesInCalm) throw new Violation(`${name} does not get done: ${what}: ${String(error)}`)
        }
        await sleep(random.pick([0, 1, 1, 5]))
      }
    },
  })
}

export function createWorkload(deps: Omit<Workload, 'repositories' | 'layers' | 'pushed' | 'awaited' | 'watched' | 'purged' | 'wanted'>): Workload {
  const sizes = [1_000, 20_000, 33_000, 40_000, 60_000, 90_000]
  return {
    ...deps,
    repositories: ['one/app', 'one/lib', 'two/app'],
    layers: sizes.map((size) => sharedLayer(size)),
    pushed: [],
    awaited: [],
    watched: [],
    purged: [],
    wanted: [],
  }
}

/** The same in every seed: made once. */
const shared = new Map<number, Content>()
function sharedLayer(size: number): Content {
  const layer = shared.get(size) ?? createContent(`shared ${size}`, size)
  shared.set(size, layer)
  return layer
}

export const ofDigest = (contents: readonly Content[], digest: Digest): Content | undefined =>
  contents.find((content) => content.digest === digest)
