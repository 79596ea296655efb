import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseError } from './database.ts'
import { belongsElsewhere } from './installation.ts'
import { makeDirectory, syncDirectory } from './make-directory.ts'
import { openSqlite } from './sqlite/connection.ts'

/** The folder with everything one server keeps, held against a second server until `release`. */
export interface DataDirectory {
  readonly path: string
  /** Where an SQLite database belongs. */
  readonly databasePath: string
  /** Whether data is here that only its database can explain: then a missing database is lost, not new. */
  readonly holdsData: boolean
  /** The database this folder belongs to; absent while it is new. */
  readonly installation: string | undefined
  /** Fails with `corrupt` when this folder belongs to another database; ties a new folder to this one. */
  bind(installation: string): void
  /** Takes what only one process of those that share the folder may have; nothing while another one has it. */
  lead(): FolderLock | undefined
  release(): void
}

export { createPrivateFile } from './private-file.ts'

/** What can be known of the folder without holding it. */
export type SeenDirectory = Pick<DataDirectory, 'path' | 'databasePath' | 'holdsData' | 'installation'>

const folders = ['blobs', 'uploads', 'recovery']

/** Looks at the folder without changing anything, also while a server uses it. Fails with `corrupt` when it holds no data. */
export function lookAtDataDirectory(path: string): SeenDirectory {
  const seen = existsSync(path) ? see(path) : undefined
  if (seen?.holdsData === true) return Object.freeze(seen)
  throw new DatabaseError('corrupt', `there is no registry in ${path}: name its data directory with --data`)
}

function see(path: string): SeenDirectory {
  checkRestored(path)
  const installation = readMarker(join(path, 'installation'))
  const holdsData = installation !== undefined || folders.some((folder) => holdsFiles(join(path, folder)))
  return { path, databasePath: join(path, 'berth.db'), installation, holdsData }
}

/** How a process uses the folder: by itself; or, where the database is elsewhere, beside others. */
export type DirectoryUse = 'alone' | 'shared'

/** Makes the folder when there is none. Fails with `locked` while another server uses it, with `occupied` when distribution did. */
export function openDataDirectory(path: string, use: DirectoryUse = 'alone'): DataDirectory {
  refuseDistributions(path)
  const lock = use === 'alone' ? lockDirectory(path) : shareDirectory(path)
  try {
    const seen = see(path)
    return Object.freeze<DataDirectory>({
      ...seen,
      bind: (id) => bind(path, join(path, 'installation'), seen.installation, id),
      lead: () => (use === 'alone' ? { close: () => undefined } : lead(path)),
      release: () => lock.close(),
    })
  } catch (error) {
    lock.close()
    throw error
  }
}

function checkRestored(path: string): void {
  if (!existsSync(join(path, restoringFile))) return
  throw new DatabaseError('corrupt', `a restore into the data directory ${path} has not come to its end: go on with it, \`berth restore --from FOLDER --data ${path}\` with the folder of the same backup, or remove the directory`)
}

/** Beside the files of distribution a new and empty registry would look as if every image were lost. Looks before it touches anything. */
function refuseDistributions(path: string): void {
  if (!existsSync(join(path, 'docker/registry/v2')) || existsSync(join(path, 'installation'))) return
  throw new DatabaseError('occupied', `the data directory ${path} holds the files of another registry program (docker/registry/v2)`)
}

/** There while a restore fills the directory. */
export const restoringFile = 'restoring'

/** The kernel drops SQLite's lock with the process that holds it, so a killed server leaves no stale lock behind. */
export function lockDirectory(path: string): FolderLock {
  return lockFolder(path, 'berth.lock', `another server uses the data directory ${path}: stop it first, or give this one its own with --data`)
}

function shareDirectory(path: string): FolderLock {
  return lockFolder(path, 'berth.lock', `another process uses the data directory ${path} by itself: wait until it has ended`, 'shared')
}

/** Like the other lock it ends with the process, however that ends. Whoever stands by asks for it every second: nothing is synced for that. */
function lead(path: string): FolderLock | undefined {
  try {
    return lockFile(path, 'work.lock', 'another process leads', 'exclusive')
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'locked') return undefined
    throw error
  }
}

export interface FolderLock {
  close(): void
}

/** Makes the folder when there is none and holds a file of it until it is closed. Fails with `locked` while another process has it. */
export function lockFolder(path: string, file: string, message: string, how: LockKind = 'exclusive'): FolderLock {
  makeDirectory(path)
  return lockFile(path, file, message, how)
}

type LockKind = 'exclusive' | 'shared'

function lockFile(path: string, file: string, message: string, how: LockKind): FolderLock {
  const connection = openSqlite(join(path, file), 'lock')
  try {
    connection.execute(how === 'exclusive' ? 'begin exclusive' : 'begin')
    // A transaction that has read holds its lock until it ends.
    if (how === 'shared') connection.execute('select count(*) from sqlite_schema')
    return connection
  } catch (error) {
    connection.close()
    if (!(error instanceof DatabaseError)) throw error
    if (error.code === 'corrupt') {
      throw new DatabaseError('corrupt', `the file ${file} in ${path} is damaged: remove it, it holds no data, and start again`, error)
    }
    if (error.code !== 'locked') throw error
    throw new DatabaseError('locked', message, error)
  }
}

function readMarker(marker: string): string | undefined {
  if (!existsSync(marker)) return undefined
  const installation = readFileSync(marker, 'utf8').trim()
  if (/^[0-9a-f-]{36}$/.test(installation)) return installation
  throw new DatabaseError('corrupt', `the file ${marker} is damaged: restore it from a backup, or remove it if you are sure that the database beside it belongs to this directory`)
}

function bind(path: string, marker: string, present: string | undefined, installation: string): void {
  if (present === installation) return
  if (present !== undefined) throw belongsElsewhere(path, present, installation)
  writeMarker(path, marker, installation)
}

/** A line in a file of its own, whole or not at all. */
export function writeMarker(path: string, marker: string, text: string): void {
  const file = openSync(`${marker}.new`, 'w')
  writeSync(file, `${text}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${marker}.new`, marker)
  syncDirectory(path)
}

/** Whether there is a file anywhere below; stops at the first one. */
function holdsFiles(folder: string): boolean {
  if (!existsSync(folder)) return false
  return readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isFile() || holdsFiles(join(folder, entry.name)))
}
