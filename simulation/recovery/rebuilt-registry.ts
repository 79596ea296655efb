import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { administer, testPostgres, type DatabaseKind } from '../../src/database/for-each-database.testing.ts'
import {
  inlineWriter,
  makePostgresDatabase,
  makeSqliteDatabase,
  openPostgresDatabase,
  openSqliteDatabase,
  type Database,
} from '../../src/database/index.ts'
import { rebuild, type Rebuilt } from '../../src/features/recovery/index.ts'
import { systemIds, type Clock } from '../../src/lib/index.ts'
import { allowAll, createCollector, createRegistry, type Collector, type Registry } from '../../src/registry/index.ts'
import { settings } from '../../src/registry/test-registry.testing.ts'
import type { BlobStore, SegmentStore } from '../../src/storage/index.ts'
import { transactions } from '../../src/transactions.ts'

/** A registry on a database that was made from nothing but segments and files. */
export interface RebuiltRegistry {
  readonly report: Rebuilt
  readonly registry: Registry
  readonly collector: Collector
  readonly database: Database
  dispose(): Promise<void>
}

export interface Remains {
  readonly segments: SegmentStore
  readonly store: BlobStore
  readonly clock: Clock
  readonly untilDamage?: boolean
}

export async function rebuildRegistry({ dialect }: DatabaseKind, remains: Remains): Promise<RebuiltRegistry> {
  const { report, database, dispose } = await (dialect === 'sqlite' ? onSqlite : onPostgres)(remains)
  const parts = { database, store: remains.store, clock: remains.clock, settings }
  const registry = createRegistry({ ...parts, ids: systemIds, authorize: allowAll, contentCache: 1024 * 1024 })
  return { report, registry, collector: createCollector(parts), database, dispose }
}

type Made = Pick<RebuiltRegistry, 'report' | 'database' | 'dispose'>

/** What is asked of a rebuild on either engine. */
function requestOf({ segments, store, untilDamage = false }: Omit<Remains, 'clock'>) {
  return { segments, store, untilDamage, installation: undefined, lease: settings.lease }
}

async function onSqlite({ clock, ...remains }: Remains): Promise<Made> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-rebuilt-'))
  const options = { path: join(folder, 'berth.db'), clock, ids: systemIds }
  try {
    const report = await rebuild({
      ...requestOf(remains),
      makeDatabase: (installation, work) => makeSqliteDatabase({ ...options, installation }, work),
    })
    const startWriter = () => inlineWriter(transactions)
    const onFatal = (error: Error): never => {
      throw error
    }
    const database = await openSqliteDatabase({ ...options, mustExist: true, startWriter, onFatal })
    const dispose = async (): Promise<void> => {
      await database.close()
      rmSync(folder, { recursive: true })
    }
    return { report, database, dispose }
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

async function onPostgres({ clock, ...remains }: Remains): Promise<Made> {
  const server = testPostgres() as string
  const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(server, `create database ${name}`)
  const drop = () => administer(server, `drop database ${name} with (force)`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  try {
    const report = await rebuild({
      ...requestOf(remains),
      makeDatabase: (installation, work) => makePostgresDatabase({ url, clock, ids: systemIds, installation }, work),
    })
    const database = await openPostgresDatabase({
      url,
      clock,
      ids: systemIds,
      mustExist: true,
      onIdleError: () => undefined,
      now: () => clock.now(),
    })
    const dispose = async (): Promise<void> => {
      await database.close()
      await drop()
    }
    return { report, database, dispose }
  } catch (error) {
    await drop()
    throw error
  }
}
