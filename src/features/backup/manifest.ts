import { dumpedTables, newestSchema, type LastNumber } from '../../database/index.ts'
import { digestBytes } from '../../oci/index.ts'
import type { Archive } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'

/** What says that a backup is whole, and what belongs to it. It is written last. */
export interface BackupManifest {
  readonly format: 1
  readonly id: string
  /** The installation that it was taken of. */
  readonly installation: string
  readonly engine: 'sqlite' | 'postgres'
  /** Version of the schema that the rows are of. */
  readonly schema: number
  /** Version of the program that wrote it. */
  readonly berth: string
  /** When the moment was that it shows, in ms since the epoch. */
  readonly takenAt: number
  readonly tables: readonly TableFile[]
  readonly lastNumbers: readonly LastNumber[]
  readonly objects: { readonly count: number; readonly bytes: number }
  /** Ids of objects whose bytes were found damaged and are not in it. */
  readonly damaged: readonly string[]
}

/** The rows of one table. */
export interface TableFile {
  readonly table: string
  readonly file: string
  readonly rows: number
  readonly bytes: number
  readonly digest: string
}

export const manifestFile = 'backup.json'
const largestManifest = 64 * 1024 * 1024

export const rowsFolder = (id: string): string => `rows-${id}`

export function writeManifest(archive: Archive, manifest: BackupManifest): void {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest))
  const envelope = { digest: digestBytes(bytes, 'sha256'), manifest }
  archive.replace(manifestFile, new TextEncoder().encode(`${JSON.stringify(envelope)}\n`))
}

/** Absent when there is none. Fails with BackupError `damaged` or `newer`. */
export async function readManifest(archive: Archive): Promise<BackupManifest | undefined> {
  const stream = archive.read(manifestFile)
  if (stream === undefined) return undefined
  const text = await textOf(stream)
  try {
    const { digest, manifest } = JSON.parse(text) as { digest: unknown; manifest: BackupManifest }
    const actual = digestBytes(new TextEncoder().encode(JSON.stringify(manifest)), 'sha256')
    if (digest !== actual) throw new BackupError('damaged', `${manifestFile} does not have the digest that it says`)
    return checked(manifest)
  } catch (error) {
    if (error instanceof BackupError) throw error
    throw new BackupError('damaged', `${manifestFile} can't be read: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > largestManifest) throw new BackupError('damaged', `${manifestFile} is larger than any that Berth writes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The digest holds what is in it together; this says whether this program understands it. */
function checked(manifest: BackupManifest): BackupManifest {
  if (Number(manifest.format) !== 1 || manifest.schema > newestSchema) {
    throw new BackupError('newer', `the backup was written by Berth ${manifest.berth}, which is newer than this one: use that version or a later one`)
  }
  const uuid = /^[0-9a-f-]{36}$/
  const known = dumpedTables.map(({ name }) => name)
  const foreign = manifest.tables.filter(({ table, file }) => !known.includes(table) || file !== `${rowsFolder(manifest.id)}/${table}.jsonl`)
  if (!uuid.test(manifest.id) || !uuid.test(manifest.installation) || foreign.length > 0) {
    throw new BackupError('damaged', `${manifestFile} names what no backup has`)
  }
  return manifest
}
