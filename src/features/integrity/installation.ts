import {
  DatabaseError,
  lookAtDataDirectory,
  openDataDirectory,
  openPostgresReader,
  openSqliteReader,
  type Database,
  type DatabaseReader,
  type DataDirectory,
  type SeenDirectory,
} from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { rebuiltHold, releaseCollection, standingHolds } from '../../registry/index.ts'
import { createFilesystemStore } from '../../storage/index.ts'
import { textOf, type FindingLanguage } from './finding-texts.ts'
import type { Finding } from './finding.ts'
import { inspect, isIndexSound, type Fate, type InspectionOptions, type InspectionSum } from './inspection.ts'
import { createRepair } from './repair.ts'

/** An installation on this machine. */
export interface CheckedPlace {
  /** The data directory. */
  readonly data: string
  /** URL of the PostgreSQL database; absent for the SQLite database in the data directory. */
  readonly databaseUrl: string | undefined
  readonly clock: Clock
  /** How long an upload that receives nothing stays, in ms. */
  readonly uploadExpiry: number
  /** Opens the database of a directory that is held, to write. */
  readonly openForRepair: (directory: DataDirectory) => Promise<Database>
  /** Told of a connection lost while nothing was asked of it. */
  readonly onIdleError: (error: Error) => void
}

export interface CheckRequest {
  readonly deep: boolean
  readonly repair: boolean
  readonly language: FindingLanguage
  readonly onFinding: (finding: DescribedFinding) => void
  readonly onProgress: InspectionOptions['onProgress']
}

/** A finding with its texts, as a report has it. */
export interface DescribedFinding extends Omit<Finding, 'subject' | 'remedy'> {
  readonly subject: Readonly<Record<string, string>>
  readonly what: string
  readonly next: string
  readonly repaired: boolean
}

export interface CheckResult extends InspectionSum {
  readonly besideServer: boolean
  /** The index was rebuilt and is sound, but collection stays off: its hold could not be ended beside a server. */
  readonly held: boolean
}

/**
 * Looks at an installation once. A repair needs the data directory alone and fails with `locked` beside a server; a check alone
 * reads what a running server leaves, and holds the directory when there is none. Fails with DatabaseError or StorageError.
 */
export async function checkInstallation(place: CheckedPlace, request: CheckRequest): Promise<CheckResult> {
  const seen = lookAtDataDirectory(place.data)
  const directory = holdDirectory(place.data, request.repair)
  try {
    const database = request.repair && directory ? await place.openForRepair(directory) : undefined
    const reader = database ?? (await openReader(place, seen))
    let checked
    try {
      checked = await inspectAll(place, request, reader, database)
    } finally {
      await reader.close()
    }
    const held = checked.held && isIndexSound(checked.sum) && !(await endRebuiltHold(place, directory))
    return { ...checked.sum, besideServer: directory === undefined, held }
  } finally {
    directory?.release()
  }
}

async function inspectAll(place: CheckedPlace, request: CheckRequest, reader: DatabaseReader, database: Database | undefined) {
  const { data, clock, uploadExpiry } = place
  const store = createFilesystemStore({ root: data })
  const scene = { database: reader, store, deep: request.deep, ended: new AbortController().signal }
  const repair = database && createRepair({ database, store, clock, uploadExpiry })
  const onFinding = (finding: Finding, fate: Fate): void => request.onFinding(described(finding, fate, request.language))
  const sum = await inspect({ scene, repair, onFinding, onProgress: request.onProgress })
  const holds = await reader.all(standingHolds, clock.now())
  return { sum, held: holds.some(({ name }) => name === rebuiltHold) }
}

/** True when it was ended: only who has the directory may write. */
async function endRebuiltHold({ openForRepair }: CheckedPlace, directory: DataDirectory | undefined): Promise<boolean> {
  if (directory === undefined) return false
  const database = await openForRepair(directory)
  try {
    await database.transact(releaseCollection, { name: rebuiltHold })
    return true
  } finally {
    await database.close()
  }
}

function described(finding: Finding, fate: Fate, language: FindingLanguage): DescribedFinding {
  const { code, subject, detail, affected, more } = finding
  return { code, subject: { ...subject }, detail, affected, more, ...textOf(code, language), repaired: fate === 'repaired' }
}

/** Absent when a server holds it and that is allowed. */
function holdDirectory(data: string, alone: boolean): DataDirectory | undefined {
  try {
    return openDataDirectory(data)
  } catch (error) {
    if (!alone && error instanceof DatabaseError && error.code === 'locked') return undefined
    throw error
  }
}

async function openReader({ databaseUrl: url, onIdleError }: CheckedPlace, seen: SeenDirectory): Promise<DatabaseReader> {
  const { databasePath: path, installation } = seen
  return url === undefined ? await openSqliteReader({ path, installation }) : await openPostgresReader({ url, installation, onIdleError })
}
