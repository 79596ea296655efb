import type { Database } from '../database/index.ts'
import type { Clock } from '../lib/index.ts'
import type { BlobStore } from '../storage/index.ts'
import { collectBlob, collectLink, collectObject, forgetObject, putOffCollection } from './collect-transactions.ts'
import { resultOf } from './failure.ts'
import { standingHolds, type CollectionHold } from './hold-store.ts'
import { createPace } from './pace.ts'
import { collectTrash, putOffPurge } from './purge-transactions.ts'
import { blobSize, dueKeys, type DueKey, type QueueKind, readLinkKey } from './queue-store.ts'
import type { RegistrySettings } from './settings.ts'
import { dueTrash } from './trash-store.ts'
import { type UnnamedRow, unnamedFor } from './unnamed-store.ts'
import { collectManifest, putOffManifest } from './untagged-transactions.ts'
import { uploadState } from './upload-store.ts'
import { expireUpload } from './upload-transactions.ts'

export interface CollectorDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly settings: RegistrySettings
  /** So many keys a second at most, in this process; absent: as many as it can without being in the way of requests. */
  readonly rate?: number | undefined
}

/** What a step of the collector took away. The memory of finished uploads is not told of. */
export interface Freed {
  /** `trash`: what was there is gone for good. */
  readonly kind: QueueKind | 'manifest' | 'trash'
  /** Bytes of a blob that nothing holds any more. Its file stays until the drain is over. */
  readonly released: number
  /** Bytes that are gone from the store or the database. Of what was never finished they are not counted. */
  readonly freed: number
}

/** Frees what nothing holds any more, while pushes and pulls go on. */
export interface Collector {
  /**
   * Looks at the keys whose time has come, then at what is in the trash and due, then at manifests that nothing has named for long enough, at
   * most `limit` in all, and answers how many it looked at: none while collection is held. Each step is a transaction of its own that may be repeated, so it can be killed anywhere. A key whose step fails is put off, the others
   * are looked at all the same; then it fails with a CollectionFailure. It stops at once when the database fails.
   * @param onFreed told what went; it costs a look at each blob and file more
   * @param untagged instead of the setting of that name
   */
  collectDue(limit: number, onFreed?: (freed: Freed) => void, untagged?: number): Promise<number>
  /** Why nothing is collected now; empty when nothing keeps it from that. */
  holds(): Promise<readonly CollectionHold[]>
}

/**
 * For so long it makes way for requests where more comes due than it gets done, in ms: ten minutes, or a tenth of a lease that is short. Then
 * it does not, until nothing waits: what comes due would wait for longer and longer, and what is looked at last, the trash and manifests, for ever.
 */
const makesWayFor = (lease: number): number => Math.min(600_000, lease / 10)

/** Steps that run at once: on SQLite they share commits, on PostgreSQL they leave connections to others. */
const stepsAtOnce = 8

export function createCollector(deps: CollectorDeps): Collector {
  const holds = () => deps.database.all(standingHolds, deps.clock.now())
  const pace = createPace(deps.rate, deps.clock)
  /** Since when there was always more to do than was looked at. */
  let behindSince: number | undefined
  return Object.freeze({
    holds,
    collectDue: async (limit: number, onFreed?: (freed: Freed) => void, untagged = deps.settings.untagged) => {
      // The steps ask again, under a lock; asked here only so that a long hold does not put off every due key once a minute.
      if ((await holds()).length > 0) {
        behindSince = undefined
        return 0
      }
      const most = Math.min(limit, pace.atOnce)
      const steps = await dueSteps({ ...deps, settings: { ...deps.settings, untagged } }, most, onFreed)
      const failures: unknown[] = []
      const looked = steps.length
      behindSince = looked < most ? undefined : (behindSince ?? deps.clock.monotonic())
      const hurries = behindSince !== undefined && deps.clock.monotonic() - behindSince >= makesWayFor(deps.settings.lease)
      while (steps.length > 0) {
        // In one piece each lane goes on as soon as its own step has ended.
        const some = steps.splice(0, hurries ? steps.length : pace.piece)
        await pace.work(some.length, () => takeAll(some, failures), hurries)
      }
      if (failures.length > 0) throw new CollectionFailure(failures)
      return looked
    },
  })
}

type OnFreed = ((freed: Freed) => void) | undefined

interface Step {
  take(): Promise<void>
  /** It failed: those behind it have their turn. */
  putOff(): Promise<void>
}

/** Keys first: what is purged, and what the rule about manifests takes, makes more of them, whose room is what somebody waits for. */
async function dueSteps(deps: CollectorDeps, limit: number, onFreed: OnFreed): Promise<Step[]> {
  const { database, clock, settings } = deps
  const steps = (await database.all(dueKeys, clock.now(), limit)).map((key) => stepForKey(deps, key, onFreed))
  const due = steps.length === limit ? [] : await database.all(dueTrash, clock.now(), limit - steps.length)
  steps.push(...due.map(({ id }) => stepForTrash(deps, id, onFreed)))
  const untagged = untaggedFor(settings)
  if (steps.length === limit || untagged === undefined) return steps
  const manifests = await database.all(unnamedFor, clock.now(), untagged, limit - steps.length)
  return [...steps, ...manifests.map((row) => stepForManifest(deps, row, untagged, onFreed))]
}

/** How long nothing must have named a manifest: never less than a lease, in which a client may be about to name it. Absent: for ever. */
export function untaggedFor({ untagged, lease }: Pick<RegistrySettings, 'untagged' | 'lease'>): number | undefined {
  return untagged === undefined ? undefined : Math.max(untagged, lease)
}

function stepForKey(deps: CollectorDeps, due: DueKey, onFreed: OnFreed): Step {
  return {
    take: () => collect(deps, due, onFreed),
    putOff: async () => void resultOf(await deps.database.transact(putOffCollection, due)),
  }
}

function stepForManifest({ database, settings }: CollectorDeps, { repository_id: repositoryId, digest }: UnnamedRow, unnamedFor: number, onFreed: OnFreed): Step {
  const manifest = { repositoryId, digest, unnamedFor }
  return {
    take: async () => {
      const went = resultOf(await database.transact(collectManifest, { ...manifest, lease: settings.lease, retention: settings.retention }))
      if (went === 'removed') onFreed?.({ kind: 'manifest', released: 0, freed: 0 })
    },
    putOff: async () => void resultOf(await database.transact(putOffManifest, manifest)),
  }
}

/** The bytes that it frees are told of once its blobs come due by themselves. */
function stepForTrash({ database, settings }: CollectorDeps, id: number, onFreed: OnFreed): Step {
  return {
    take: async () => {
      const went = resultOf(await database.transact(collectTrash, { id, lease: settings.lease }))
      if (went === 'purged') onFreed?.({ kind: 'trash', released: 0, freed: 0 })
    },
    putOff: async () => void resultOf(await database.transact(putOffPurge, { id })),
  }
}

/** Each lane takes the next step as soon as its own has ended: in groups all but one would wait for the slowest. Empties the list. */
async function takeAll(steps: Step[], failures: unknown[]): Promise<void> {
  const lane = async (): Promise<void> => {
    try {
      for (let step = steps.shift(); step !== undefined; step = steps.shift()) await takeOrPutOff(step, failures)
    } catch (error) {
      steps.length = 0
      throw error
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: stepsAtOnce }, lane))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

async function takeOrPutOff(step: Step, failures: unknown[]): Promise<void> {
  try {
    await step.take()
  } catch (error) {
    failures.push(error)
    await step.putOff()
  }
}

/** Steps failed; their keys were put off, all the others were looked at. A few of many failures tell what is wrong. */
export class CollectionFailure extends AggregateError {
  readonly keys: number

  constructor(failures: readonly unknown[]) {
    super(failures.slice(0, 10), `${failures.length} keys could not be collected now and were put off`)
    this.name = 'CollectionFailure'
    this.keys = failures.length
  }
}

async function collect(deps: CollectorDeps, { kind, key }: DueKey, onFreed: OnFreed): Promise<void> {
  const { database, settings } = deps
  switch (kind) {
    case 'link': {
      const went = resultOf(await database.transact(collectLink, readLinkKey(key)))
      if (went === 'removed') onFreed?.({ kind, released: 0, freed: 0 })
      return
    }
    case 'blob': {
      const blob = onFreed && (await database.one(blobSize, Number(key)))
      const went = resultOf(await database.transact(collectBlob, { blobId: Number(key), drain: settings.drain }))
      if (went === 'removed' && blob !== undefined) onFreed?.({ kind, released: blob.size, freed: blob.object_id === null ? blob.size : 0 })
      return
    }
    case 'upload': {
      const upload = onFreed && (await database.one(uploadState, key))
      const went = resultOf(await database.transact(expireUpload, { id: key, drain: settings.drain }))
      if (went === 'removed' && upload?.state === 'open') onFreed?.({ kind, released: 0, freed: 0 })
      return
    }
    case 'object':
      return await collectFile(deps, key, onFreed)
  }
}

/** The bytes go first: a kill in between leaves a row without bytes, which the next run ends, never bytes without a row. */
async function collectFile({ database, store, settings }: CollectorDeps, objectId: string, onFreed: OnFreed): Promise<void> {
  const { state, key } = resultOf(await database.transact(collectObject, { objectId, drain: settings.drain }))
  if (state !== 'doomed') return
  const size = onFreed === undefined || key === null ? undefined : (await store.stat(key))?.size
  await store.delete(objectId, key ?? undefined)
  resultOf(await database.transact(forgetObject, { objectId }))
  onFreed?.({ kind: 'object', released: 0, freed: size ?? 0 })
}
