import { existsSync, readFileSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory, restoringFile, writeMarker } from './data-directory.ts'
import { DatabaseError } from './database.ts'
import { makeDirectory, syncDirectory } from './make-directory.ts'

/** A data directory that a restore fills: no server starts on it until `finish`, and another restore is kept off it. */
export interface RestoringDirectory {
  readonly path: string
  /** Where an SQLite database belongs. None is there. */
  readonly databasePath: string
  /** The id of the installation that it becomes. */
  readonly installation: string
  /** Everything is there: it is a data directory from now on. */
  finish(): void
  release(): void
}

/**
 * Takes a new or empty directory, or one that the same backup was being restored into. Fails with `occupied` when anything else is
 * there. `installation` is the id for a new one: a restored copy is another installation than the one it was taken from, so that
 * neither's files are ever taken for the other's.
 */
export function openRestoringDirectory(path: string, backup: string, installation: string): RestoringDirectory {
  makeDirectory(path)
  const present = readdirSync(path).filter((name) => !/^(berth\.lock|restoring\.new)/.test(name))
  if (present.length > 0 && !present.includes(restoringFile)) throw occupied(path)
  const lock = lockDirectory(path)
  try {
    const databasePath = join(path, 'berth.db')
    const begun = readBegun(path)
    if (begun !== undefined && begun.backup !== backup) throw occupied(path)
    if (begun === undefined) writeMarker(path, join(path, restoringFile), `${backup} ${installation}`)
    // Of a database nobody knows how far it came; files of objects are whole or not there.
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${databasePath}${end}`, { force: true })
    const id = begun?.installation ?? installation
    const finish = (): void => {
      writeMarker(path, join(path, 'installation'), id)
      unlinkSync(join(path, restoringFile))
      syncDirectory(path)
    }
    return Object.freeze<RestoringDirectory>({ path, databasePath, installation: id, finish, release: () => lock.close() })
  } catch (error) {
    lock.close()
    throw error
  }
}

function readBegun(path: string): { readonly backup: string; readonly installation: string } | undefined {
  const marker = join(path, restoringFile)
  if (!existsSync(marker)) return undefined
  const [, backup, installation] = /^([0-9a-f-]{36}) ([0-9a-f-]{36})\n$/.exec(readFileSync(marker, 'utf8')) ?? []
  if (backup === undefined || installation === undefined) throw occupied(path)
  return { backup, installation }
}

function occupied(path: string): DatabaseError {
  return new DatabaseError('occupied', `the directory ${path} is not empty: restore into a new one; nothing was changed`)
}
