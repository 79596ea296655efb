import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineWriter, openSqliteDatabase, statement, type Database } from '../../src/database/index.ts'
import { createManualClock, createSeededIds, type Ids, type ManualClock } from '../../src/lib/index.ts'
import {
  allowAll,
  createCollector,
  createRegistry,
  type Collector,
  type Actor,
  type Registry,
  type RegistrySettings,
} from '../../src/registry/index.ts'
import { createSimulatedFileSystem } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { createFilesystemStore, type BlobStore, type FileSystem } from '../../src/storage/index.ts'
import { transactions } from '../../src/transactions.ts'
import type { Damage } from './operation.ts'

/** The real core on SQLite in this thread, a simulated disk and a clock that stands still until it is moved. */
export interface Core {
  readonly registry: Registry
  readonly collector: Collector
  readonly database: Database
  readonly store: BlobStore
  readonly clock: ManualClock
  /** The process ends and another one goes on. */
  restart(): void
  damage(digest: string, how: Damage): Promise<void>
  /** Ids of the sessions in the order in which they were begun. */
  readonly sessions: string[]
  /** Where its database is: `berth.db`. */
  readonly folder: string
  dispose(): Promise<void>
}

/** Who asks. */
export const actor: Actor = { identity: undefined, credential: undefined, address: '127.0.0.1' }

/** A question to the core, and its answer. */
export type Ask = () => Promise<unknown>

/** What a test puts between the core and its parts. */
export interface Surroundings {
  readonly database?: (database: Database) => Database
  /** Another disk than a simulated one: files in the core's folder, or wherever it says. */
  readonly disk?: (folder: string) => Disk
  /** Other settings than `settings`. */
  readonly settings?: Partial<RegistrySettings>
}

export interface Disk {
  readonly root: string
  /** What the store is given. */
  readonly fs: FileSystem
  /** The same without anything in between. */
  readonly bare: FileSystem
}

export const settings: RegistrySettings = { lease: 100_000, drain: 10_000, uploadExpiry: 50_000, retention: 0, verify: 'always', sparse: 'off' }
/** Too little for objects: one in memory is served whole after its file was damaged, which is right, and no damage would be found here. */
const contentCache = 30_000
export const startOfTime = 1_700_000_000_000

/** Files of databases: in memory where the machine has a place for that, since nothing here is about syncing. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Makes cores quickly: the tables of each are those of one empty database, copied. */
export interface CoreFactory {
  create(seed: number, surroundings?: Surroundings): Promise<Core>
  dispose(): void
}

export async function createCoreFactory(): Promise<CoreFactory> {
  const folder = mkdtempSync(join(place, 'berth-model-'))
  const template = join(folder, 'template.db')
  await (await open(template, createSeededIds(0), createManualClock(startOfTime))).close()
  let made = 0
  return {
    create: async (seed, surroundings = {}) => {
      const own = join(folder, `${made++}`)
      mkdirSync(own)
      copyFileSync(template, join(own, 'berth.db'))
      return await createCore(own, createSeededIds(seed), surroundings)
    },
    dispose: () => rmSync(folder, { recursive: true }),
  }
}

function open(path: string, ids: Ids, clock: ManualClock): Promise<Database> {
  const onFatal = (error: Error): never => {
    throw error
  }
  return openSqliteDatabase({ path, mustExist: false, startWriter: () => inlineWriter(transactions), clock, ids, onFatal })
}

async function createCore(folder: string, ids: Ids, surroundings: Surroundings): Promise<Core> {
  const clock = createManualClock(startOfTime)
  const disk = surroundings.disk?.(folder) ?? (await simulatedDisk())
  const opened = await open(join(folder, 'berth.db'), ids, clock)
  const database = surroundings.database?.(opened) ?? opened
  const own = { ...settings, ...surroundings.settings }
  const start = () => {
    const store = createFilesystemStore({ root: disk.root, fileSystem: disk.fs })
    const registry = createRegistry({ database, store, clock, ids, authorize: allowAll, settings: own, contentCache })
    return { store, registry, collector: createCollector({ database, store, clock, settings: own }) }
  }
  let running = start()
  const flipped = new Set<string>()
  return {
    get registry() {
      return running.registry
    },
    get collector() {
      return running.collector
    },
    get store() {
      return running.store
    },
    database,
    clock,
    sessions: [],
    folder,
    restart: () => {
      running = start()
    },
    damage: (digest, how) => spoil(opened, disk, digest, how, flipped),
    dispose: async () => {
      await opened.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function simulatedDisk(): Promise<Disk> {
  const { fs } = createSimulatedFileSystem()
  const root = '/store'
  await fs.mkdir(root)
  return { root, fs, bare: fs }
}

const keyOfDigest = statement<{ key: string }>(`
  select o.key from blob b join object o on o.id = b.object_id and o.state = 'live' where b.domain_id = 1 and b.digest = $1`)

/** `flipped`: what has another digest already; a second flip would mend it. */
async function spoil(
  database: Database,
  { root, bare }: Disk,
  digest: string,
  how: Damage,
  flipped: Set<string>,
): Promise<void> {
  const found = await database.one(keyOfDigest, digest)
  if (found === undefined || (how === 'flipped' && flipped.has(found.key))) return
  const file = await bare.open(join(root, found.key), 'write')
  if (how === 'truncated') await file.truncate(Math.floor((await file.size()) / 2))
  else {
    flipped.add(found.key)
    const byte = new Uint8Array(1)
    const at = 17
    const reader = await bare.open(join(root, found.key), 'read')
    await reader.read(byte, at)
    await reader.close()
    await file.write(byte.map((value) => value ^ 1), at)
  }
  await file.close()
}
