import { createManualClock, systemIds, type ManualClock } from '../lib/index.ts'
import { transactionTable, type AnyTransaction, type Database } from '../database/index.ts'
import type { DatabaseKind } from '../database/for-each-database.testing.ts'
import { digestBytes, parseRepositoryName, parseTag, type Digest, type Reference, type RepositoryName } from '../oci/index.ts'
import { createMemoryStore, type BlobStore } from '../storage/index.ts'
import { transactions } from '../transactions.ts'
import { allowAll, createCollector, createRegistry, type Actor, type Authorize, type Collector, type Registry, type RegistrySettings, type UploadBody } from './index.ts'

/** A whole core on a fresh database and a memory store, under a clock that the test moves. */
export interface TestRegistry {
  readonly registry: Registry
  readonly collector: Collector
  readonly database: Database
  readonly store: BlobStore
  readonly clock: ManualClock
  /** Another process on the same database and store, which may be set otherwise. */
  another(changes?: Partial<RegistrySettings>): Registry
  /** One that lets others in. */
  as(authorize: Authorize, changes?: Partial<RegistrySettings>): Registry
  dispose(): Promise<void>
}

export const anonymous: Actor = { identity: undefined, credential: undefined, address: '127.0.0.1' }
export const settings = { lease: 3_600_000, drain: 60_000, uploadExpiry: 3_600_000, retention: 0, verify: 'always', sparse: 'off' } as const satisfies RegistrySettings

/** @param more transactions of the test's own */
export async function createTestRegistry(
  kind: DatabaseKind,
  authorize: Authorize = allowAll,
  more: readonly AnyTransaction[] = [],
): Promise<TestRegistry> {
  const clock = createManualClock(1_700_000_000_000)
  const { database, dispose } = await kind.create(transactionTable([...transactions.values(), ...more]), clock)
  const store = createMemoryStore(clock.now)
  const as = (decide: Authorize, changes: Partial<RegistrySettings> = {}) =>
    createRegistry({ database, store, clock, ids: systemIds, authorize: decide, settings: { ...settings, ...changes }, contentCache: 1024 * 1024 })
  const another = (changes: Partial<RegistrySettings> = {}) => as(authorize, changes)
  return {
    registry: another(),
    collector: createCollector({ database, store, clock, settings }),
    database,
    store,
    clock,
    another,
    as,
    dispose,
  }
}

export function bodyOf(bytes: Uint8Array | string, range?: { first: number; last: number }): UploadBody {
  const content = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  return { stream: new Response(content as Uint8Array<ArrayBuffer>).body, length: content.length, range }
}

export const noBody: UploadBody = { stream: null, length: 0, range: undefined }
export const repository = (name: string): RepositoryName => parseRepositoryName(name)
export const byTag = (tag: string): Reference => ({ kind: 'tag', tag: parseTag(tag) })
export const byDigest = (digest: Digest): Reference => ({ kind: 'digest', digest })

export async function pushBlob(registry: Registry, name: string, content: Uint8Array | string): Promise<Digest> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const digest = digestBytes(bytes, 'sha256')
  await registry.uploads.pushWhole(anonymous, repository(name), digest, bodyOf(bytes))
  return digest
}

export function manifestOf(layers: readonly { digest: Digest; size: number }[], config: { digest: Digest; size: number }, extra: object = {}) {
  const type = 'application/vnd.oci.image'
  return {
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, ...config },
    layers: layers.map((layer) => ({ mediaType: `${type}.layer.v1.tar`, ...layer })),
    ...extra,
  }
}

export async function pushManifest(registry: Registry, name: string, reference: Reference, document: object): Promise<Digest> {
  const bytes = new TextEncoder().encode(JSON.stringify(document))
  const upload = { contentType: undefined, bytes, tags: [] }
  return (await registry.push.manifest(anonymous, repository(name), reference, upload)).digest
}

/** A cluster says what runs in it; that counts for an hour. */
export async function reportRunning({ database }: Pick<TestRegistry, 'database'>, cluster: string, digests: readonly string[]): Promise<void> {
  const report = transactions.get('report inventory')
  if (report === undefined) throw new Error('no transaction reports an inventory')
  const actor = { identity: undefined, address: '127.0.0.1' }
  const outcome = await database.transact(report, { cluster, seenAt: undefined, digests, more: false, retention: 3_600_000, actor })
  if ('refused' in outcome) throw new Error(outcome.refused)
}
