import { dumpedTables, newestSchema, type Database, type Snapshot } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import type { Archive, BlobStore } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'
import { type BackupManifest, readManifest, type TableFile, writeManifest } from './manifest.ts'
import { removeOutdated } from './outdated.ts'
import { writeRows } from './row-file.ts'
import { copyObjects, objectsOf, type CopyCount } from './stored-objects.ts'
import { whileHeld } from './while-held.ts'

export interface BackupDeps {
  /** The database of a server that may be running. */
  readonly database: Database
  readonly openSnapshot: () => Promise<Snapshot>
  /** Where the objects are, and where they go to. */
  readonly store: BlobStore
  readonly target: BlobStore
  /** The folder of the target. */
  readonly archive: Archive
  readonly clock: Clock
  readonly ids: Ids
  /** Of the program. */
  readonly version: string
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

/** Objects looked at, of those there are. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export interface BackupSummary {
  readonly id: string
  readonly takenAt: number
  readonly rows: number
  readonly objects: BackupManifest['objects']
  readonly copied: Readonly<CopyCount>
  /** What is wrong with objects that are not in it. */
  readonly damaged: readonly string[]
}

/**
 * Takes a backup while the server runs. It shows one moment of the database, with all objects that the rows of that moment call
 * live. The folder holds the backup before until the new one is whole; objects that both need are there once.
 */
export async function takeBackup(deps: BackupDeps): Promise<BackupSummary> {
  const { archive, target, database, ids, version } = deps
  const before = await manifestBefore(archive)
  if (before !== undefined && before.installation !== database.installation) {
    throw new BackupError('foreign', `the folder holds a backup of another installation (${before.installation}): choose another folder, or remove it`)
  }
  const id = ids.uuid()
  const copy = await whileHeld(deps, `backup:${id}`, 'a backup is being taken', async (lost) => {
    const signal = AbortSignal.any([lost, deps.signal])
    const rows = await dumpRows(deps, id, signal)
    return { ...rows, ...(await copyFiles(deps, rows.tables, signal)) }
  })
  const { takenAt, tables, lastNumbers, objects, count, problems } = copy
  const damaged = problems.map((problem) => problem.id)
  const origin = { installation: database.installation, engine: database.dialect, schema: newestSchema, berth: version }
  writeManifest(archive, { format: 1, id, ...origin, takenAt, tables, lastNumbers, objects, damaged })
  await removeOutdated(archive, target, tables, id)
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  return { id, takenAt, rows, objects, copied: count, damaged: problems.map(({ problem }) => problem) }
}

/** A damaged one is no reason to have none. */
async function manifestBefore(archive: Archive): Promise<BackupManifest | undefined> {
  try {
    return await readManifest(archive)
  } catch (error) {
    if (error instanceof BackupError && error.code === 'damaged') return undefined
    throw error
  }
}

async function dumpRows({ openSnapshot, archive, clock }: BackupDeps, id: string, signal: AbortSignal) {
  const snapshot = await openSnapshot()
  try {
    const takenAt = clock.now()
    const tables: TableFile[] = []
    for (const table of dumpedTables) {
      signal.throwIfAborted()
      tables.push(await writeRows(archive, id, table.name, await snapshot.read(table)))
    }
    return { takenAt, tables, lastNumbers: await snapshot.lastNumbers() }
  } finally {
    await snapshot.close()
  }
}

async function copyFiles({ archive, store, target, onProgress }: BackupDeps, tables: readonly TableFile[], signal: AbortSignal) {
  const objects = { count: 0, bytes: 0 }
  for await (const { size } of await objectsOf(archive, tables)) {
    objects.count++
    objects.bytes += size
  }
  const report = (done: number): void => onProgress({ done, total: objects.count })
  return { objects, ...(await copyObjects(store, target, await objectsOf(archive, tables), report, signal)) }
}
