import type { DatabaseKind } from '../../database/for-each-database.testing.ts'
import { transaction, type Statement, type Tx } from '../../database/index.ts'
import type { Digest } from '../../oci/index.ts'
import {
  anonymous,
  byTag,
  createTestRegistry,
  manifestOf,
  pushBlob,
  pushManifest,
  repository,
  settings,
  type TestRegistry,
} from '../../registry/test-registry.testing.ts'
import { createRepair, inspect, type Fate, type Finding, type InspectionSum, type Repair } from './index.ts'

export interface TestIntegrity extends TestRegistry {
  readonly repair: Repair
  /** Looks at everything; every finding as `code subject`, with what became of it when a repair was given. */
  check(options?: { readonly deep?: boolean; readonly repair?: Repair }): Promise<Checked>
  /** Changes rows behind the registry's back. With `unchecked`, against foreign keys too: PostgreSQL alone lets that happen. */
  alter(sql: string, unchecked?: 'unchecked'): Promise<void>
  /** An image with a large layer and a small config. */
  pushImage(name: string, tag: string, layer?: Uint8Array): Promise<{ layer: Digest; config: Digest; manifest: Digest }>
  /** Where the bytes of a layer are. */
  objectOf(digest: Digest): Promise<{ id: string; key: string }>
  /** Puts other bytes in the place of an object's. */
  replaceBytes(object: { id: string; key: string }, bytes: Uint8Array): Promise<void>
}

export interface Checked extends Omit<InspectionSum, 'codes'> {
  readonly list: readonly { readonly finding: Finding; readonly fate: Fate }[]
  readonly codes: readonly string[]
}

/** More than fits into a row. */
export function layerOf(seed: number, size = 50_000): Uint8Array {
  return new Uint8Array(size).map((_, position) => (position * 7 + seed) % 251)
}

const statementOf = (sql: string): Statement<never> => ({ name: `t${Bun.hash(sql)}`, sqlite: sql, postgres: sql })

const alterRows = transaction('alter rows', async (tx: Tx, input: { readonly statements: readonly string[] }) => {
  for (const sql of input.statements) await tx.run(statementOf(sql))
  return { ok: null }
})

export async function createTestIntegrity(kind: DatabaseKind): Promise<TestIntegrity> {
  const t = await createTestRegistry({
    ...kind,
    create: (table, clock) => kind.create(new Map([...table, [alterRows.name, alterRows]]), clock),
  })
  const sql = 'select o.id, o.key from blob b join object o on o.id = b.object_id where b.digest = $1'
  const bySql = { name: 'object_of_digest', sqlite: sql.replace('$', '?'), postgres: sql }

  return {
    ...t,
    repair: createRepair({ ...t, uploadExpiry: settings.uploadExpiry }),
    check: async ({ deep = false, repair } = {}) => {
      const list: { finding: Finding; fate: Fate }[] = []
      const scene = { database: t.database, store: t.store, deep, ended: new AbortController().signal }
      const onFinding = (finding: Finding, fate: Fate): void => void list.push({ finding, fate })
      const sum = await inspect({ scene, repair, onFinding, onProgress: () => undefined })
      return { ...sum, list, codes: list.map(({ finding }) => finding.code) }
    },
    alter: async (sql, unchecked) => {
      const free = unchecked === undefined ? [] : ['set local session_replication_role = replica']
      await t.database.transact(alterRows, { statements: [...free, sql] })
    },
    pushImage: async (name, tag, layer = layerOf(1)) => {
      const config = await pushBlob(t.registry, name, `{"config":"${name}"}`)
      const digest = await pushBlob(t.registry, name, layer)
      const size = (await t.registry.pull.statBlob(anonymous, repository(name), config)).size
      const document = manifestOf([{ digest, size: layer.length }], { digest: config, size })
      return { layer: digest, config, manifest: await pushManifest(t.registry, name, byTag(tag), document) }
    },
    objectOf: async (digest) => (await t.database.one<{ id: string; key: string }>(bySql, digest))!,
    replaceBytes: async ({ id, key }, bytes) => {
      await t.store.delete(id, key)
      const writer = await t.store.begin(id)
      await writer.write(bytes)
      await writer.close()
      await t.store.commit(id, key, bytes.length)
    },
  }
}
