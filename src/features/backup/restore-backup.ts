import { DatabaseError, dumpedTables, type Fill, type LoadOptions } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { Archive, BlobStore } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'
import { type BackupManifest, readManifest } from './manifest.ts'
import { problemOf, readRows } from './row-file.ts'
import { copyObjects, objectsOf } from './stored-objects.ts'
import type { BackupSummary, Progress } from './take-backup.ts'

export interface RestoreDeps {
  readonly archive: Archive
  /** The objects of the backup. */
  readonly backup: BlobStore
  /** Called when the backup has been looked through; from then on something is changed. */
  readonly openTarget: (backupId: string) => RestoreTarget
  readonly clock: Clock
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

/** Where a backup is restored to. */
export interface RestoreTarget {
  /** The id of the new installation. */
  readonly installation: string
  readonly secret: string
  readonly store: BlobStore
  /** Makes and fills the database, whole or not at all. */
  load(options: LoadOptions, fill: Fill): Promise<void>
  /** From now on a server may start there. */
  finish(): void
  release(): void
}

/** Problems named at most. */
const named = 20

/**
 * Restores the backup in a folder as a new installation. Every file of rows, and that every object is there in its size, is checked
 * before anything is changed; the bytes of objects are compared with their digests while they are copied. Killed anywhere, it can
 * be run again and goes on. Fails with BackupError `incomplete`, `damaged` or `newer` before anything is changed, with `unfinished` after.
 */
export async function restoreBackup(deps: RestoreDeps): Promise<BackupSummary> {
  const { archive, backup, clock, signal } = deps
  const manifest = await readManifest(archive)
  if (manifest === undefined) throw new BackupError('incomplete', 'there is no whole backup in this folder: the one that was begun did not come to its end')
  await checkBackup(archive, backup, manifest)
  const target = deps.openTarget(manifest.id)
  try {
    const onDone = (done: number): void => deps.onProgress({ done, total: manifest.objects.count })
    const objects = without(await objectsOf(archive, manifest.tables), manifest.damaged)
    const { count, problems } = await copyObjects(backup, target.store, objects, onDone, signal)
    if (problems.length > 0) throw damaged(problems.map(({ problem }) => problem))
    const options = { version: manifest.schema, installation: target.installation, secret: target.secret, now: clock.now() }
    await target.load(options, (load) => fill(archive, manifest, load))
    target.finish()
    const { id, takenAt, objects: held } = manifest
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
    return { id, takenAt, rows, objects: held, copied: count, damaged: manifest.damaged }
  } catch (error) {
    throw signal.aborted ? error : unfinished(error)
  } finally {
    target.release()
  }
}

function unfinished(error: unknown): unknown {
  if (error instanceof DatabaseError && error.code === 'occupied') return error
  return new BackupError('unfinished', error instanceof Error ? error.message : String(error), error)
}

async function checkBackup(archive: Archive, backup: BlobStore, manifest: BackupManifest): Promise<void> {
  const problems: string[] = []
  for (const file of manifest.tables) {
    const problem = await problemOf(archive, file)
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0) throw damaged(problems)
  for await (const { key, size } of without(await objectsOf(archive, manifest.tables), manifest.damaged)) {
    const found = await backup.stat(key)
    if (found?.size !== size) problems.push(`${key} ${found === undefined ? 'is missing' : `has ${found.size} bytes, not ${size}`}`)
  }
  if (problems.length > 0) throw damaged(problems)
}

function damaged(problems: readonly string[]): BackupError {
  const more = problems.length > named ? [`and ${problems.length - named} more`] : []
  return new BackupError('damaged', [...problems.slice(0, named), ...more].join('; '))
}

async function* without<T extends { readonly id: string }>(objects: AsyncGenerator<T, void>, ids: readonly string[]): AsyncGenerator<T, void> {
  const left = new Set(ids)
  for await (const object of objects) if (!left.has(object.id)) yield object
}

async function fill(archive: Archive, manifest: BackupManifest, load: Parameters<Fill>[0]): Promise<void> {
  for (const table of dumpedTables) {
    // An older schema has fewer tables.
    const file = manifest.tables.find((each) => each.table === table.name)
    if (file !== undefined) await load.write(table, await readRows(archive, file))
  }
  await load.setLastNumbers(manifest.lastNumbers)
  await load.markDamaged(manifest.damaged)
}
