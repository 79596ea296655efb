import type { Database } from '../database/index.ts'
import type { Clock } from '../lib/index.ts'
import type { BlobStore } from '../storage/index.ts'
import { collectBlob, collectLink, collectObject, forgetObject, putOffCollection } from './collect-transactions.ts'
import { resultOf } from './failure.ts'
import { standingHolds, type CollectionHold } from './hold-store.ts'
import { dueKeys, type DueKey, type QueueKind } from './queue-store.ts'
import type { RegistrySettings } from './settings.ts'
import { expireUpload } from './upload-transactions.ts'

export interface CollectorDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly settings: RegistrySettings
}

/** Frees what nothing holds any more, while pushes and pulls go on. */
export interface Collector {
  /**
   * Looks at the keys whose time has come, at most `limit` of them, and answers how many it looked at: none while collection
   * is held. Each step is a transaction of its own that may be repeated, so it can be killed anywhere. A key whose step fails is put off, the others
   * are looked at all the same; then it fails with an AggregateError. It stops at once when the database fails.
   */
  collectDue(limit: number): Promise<number>
  /** Why nothing is collected now; empty when nothing keeps it from that. */
  holds(): Promise<readonly CollectionHold[]>
}

/** Steps that run at once: on SQLite they share commits, on PostgreSQL they leave connections to others. */
const stepsAtOnce = 8

export function createCollector(deps: CollectorDeps): Collector {
  const holds = () => deps.database.all(standingHolds, deps.clock.now())
  return Object.freeze({
    holds,
    collectDue: async (limit: number) => {
      // The steps ask again, under a lock; asked here only so that a long hold does not put off every due key once a minute.
      if ((await holds()).length > 0) return 0
      const keys = await deps.database.all(dueKeys, deps.clock.now(), limit)
      const failures: unknown[] = []
      for (let from = 0; from < keys.length; from += stepsAtOnce) {
        await Promise.all(keys.slice(from, from + stepsAtOnce).map((key) => collectOrPutOff(deps, key, failures)))
      }
      if (failures.length > 0) throw collectionFailure(failures)
      return keys.length
    },
  })
}

async function collectOrPutOff(deps: CollectorDeps, { kind, key }: DueKey, failures: unknown[]): Promise<void> {
  try {
    await collect(deps, kind, key)
  } catch (error) {
    failures.push(error)
    resultOf(await deps.database.transact(putOffCollection, { kind, key }))
  }
}

/** A few of many failures tell what is wrong. */
function collectionFailure(failures: readonly unknown[]): AggregateError {
  return new AggregateError(failures.slice(0, 10), `${failures.length} keys could not be collected now and were put off`)
}

async function collect(deps: CollectorDeps, kind: QueueKind, key: string): Promise<void> {
  const { database, settings } = deps
  switch (kind) {
    case 'link': {
      const [repositoryId, blobId] = key.split(':').map(Number) as [number, number]
      return void resultOf(await database.transact(collectLink, { repositoryId, blobId }))
    }
    case 'blob':
      return void resultOf(await database.transact(collectBlob, { blobId: Number(key), drain: settings.drain }))
    case 'upload':
      return void resultOf(await database.transact(expireUpload, { id: key, drain: settings.drain }))
    case 'object':
      return await collectFile(deps, key)
  }
}

/** The bytes go first: a kill in between leaves a row without bytes, which the next run ends, never bytes without a row. */
async function collectFile({ database, store, settings }: CollectorDeps, objectId: string): Promise<void> {
  const { state, key } = resultOf(await database.transact(collectObject, { objectId, drain: settings.drain }))
  if (state !== 'doomed') return
  await store.delete(objectId, key ?? undefined)
  resultOf(await database.transact(forgetObject, { objectId }))
}
