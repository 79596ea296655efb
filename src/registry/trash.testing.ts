import type { DatabaseKind } from '../database/for-each-database.testing.ts'
import { transaction, type AnyTransaction, type Statement, type Tx } from '../database/index.ts'
import { RegistryError, type Digest, type Reference } from '../oci/index.ts'
import { allowAll, createCollector, type Registry, type TrashEntry, type TrashPlace } from './index.ts'
import { anonymous, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, settings, type TestRegistry } from './test-registry.testing.ts'

export const retention = 7 * 86_400_000
export const app = repository('team/app')
export const everything = { project: 'team' }
export const page = { limit: 100, last: undefined }
export const sql = <Row>(name: string, text: string): Statement<Row> => ({ name, sqlite: text, postgres: text })
const trashLeft = sql<{ count: number }>('trash_left', 'select count(*) as count from trash')
const hidden = sql<{ count: number }>(
  'trash_hidden',
  `select (select count(*) from manifest where deleted_at is not null) + (select count(*) from link where deleted_at is not null) as count`,
)
const alterRows = transaction('alter rows', async (tx: Tx, input: { readonly sql: string }) => {
  await tx.run(sql(`alter_${Bun.hash(input.sql)}`, input.sql))
  return { ok: null }
})

/** What became of a call: `ok`, or the code of its failure. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    if (error instanceof RegistryError) return error.code
    throw error
  }
  return 'ok'
}

export interface Image {
  readonly digest: Digest
  readonly layer: Digest
  readonly document: object
}

/** What the other process sees: codes of what became of it, bytes, names. */
interface TestReads {
  pull(reference: Reference): Promise<string>
  bytesOf(reference: Reference): Promise<string>
  blob(digest: Digest): Promise<string>
  tags(): Promise<readonly string[]>
  referrers(subject: Digest): Promise<readonly Digest[]>
}

/** A process that keeps what is deleted, and one that reads, with memory of its own. */
export interface TestTrash extends TestReads {
  readonly t: TestRegistry
  readonly registry: Registry
  readonly reader: Registry
  alter(change: string): Promise<unknown>
  trash(): Registry['trash']
  listed(place?: TrashPlace): Promise<readonly TrashEntry[]>
  /** The number of the one thing that is in it. */
  only(): Promise<number>
  remove(reference: Reference): Promise<void>
  /** Until nothing is due. */
  collectAll(): Promise<void>
  /** How many rows the trash has, and how many things are hidden. */
  left(): Promise<number[]>
  pushImage(tag: string, content: string, extra?: object): Promise<Image>
}

/** @param more transactions of the test's own */
export async function createTestTrash(kind: DatabaseKind, lasting = retention, more: readonly AnyTransaction[] = []): Promise<TestTrash> {
  const t = await createTestRegistry(kind, allowAll, [alterRows, ...more])
  const [registry, reader] = [t.another({ retention: lasting }), t.another()]
  const whole = { limit: undefined, last: undefined }
  const listed = async (place: TrashPlace = everything) => (await registry.trash.list(anonymous, place, page)).entries
  return {
    t,
    registry,
    reader,
    alter: (change) => t.database.transact(alterRows, { sql: change }),
    trash: () => registry.trash,
    listed,
    only: async () => {
      const [entry, ...others] = await listed()
      if (entry === undefined || others.length > 0) throw new Error(`${others.length} more things are in the trash than one`)
      return entry.id
    },
    remove: (reference) => registry.deletes.manifest(anonymous, app, reference),
    pull: (reference) => codeOf(() => reader.pull.manifest(anonymous, app, reference)),
    bytesOf: async (reference) => Buffer.from((await reader.pull.manifest(anonymous, app, reference)).bytes).toString(),
    blob: (digest) => codeOf(() => reader.pull.statBlob(anonymous, app, digest)),
    tags: async () => (await reader.lists.tags(anonymous, app, whole)).names,
    referrers: async (subject) => {
      const { descriptors } = await reader.lists.referrers(anonymous, app, subject, { ...whole, artifactType: undefined })
      return descriptors.map(({ digest }) => digest)
    },
    collectAll: async () => {
      const collector = createCollector({ ...t, settings: { ...settings, retention } })
      while ((await collector.collectDue(100)) > 0);
    },
    left: async () => [(await t.database.one(trashLeft))?.count, (await t.database.one(hidden))?.count].map(Number),
    pushImage: async (tag, content, extra = {}) => {
      const layer = await pushBlob(registry, 'team/app', content.repeat(50_000))
      const config = await pushBlob(registry, 'team/app', JSON.stringify({ content }))
      const document = manifestOf([{ digest: layer, size: content.length * 50_000 }], { digest: config, size: 0 }, extra)
      return { digest: await pushManifest(registry, 'team/app', byTag(tag), document), layer, document }
    },
  }
}
