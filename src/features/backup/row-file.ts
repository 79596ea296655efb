import type { TableRows, Value } from '../../database/index.ts'
import { createHasher } from '../../oci/index.ts'
import type { Archive } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'
import { rowsFolder, type TableFile } from './manifest.ts'

/** Rows as lines of JSON: the first one names the columns, each other one has a row's values. Bytes are `{"base64": "..."}`. */
export async function writeRows(archive: Archive, backup: string, table: string, { columns, batches }: TableRows): Promise<TableFile> {
  const name = `${rowsFolder(backup)}/${table}.jsonl`
  const file = archive.create(name)
  const hasher = createHasher('sha256')
  let [rows, bytes] = [0, 0]
  const write = (text: string): void => {
    const chunk = new TextEncoder().encode(text)
    hasher.update(chunk)
    file.write(chunk)
    bytes += chunk.length
  }
  try {
    write(`${JSON.stringify(columns)}\n`)
    for await (const batch of batches) {
      write(batch.map((row) => `${JSON.stringify(row.map(encoded))}\n`).join(''))
      rows += batch.length
    }
    file.finish()
  } finally {
    file.close()
  }
  return { table, file: name, rows, bytes, digest: hasher.digest() }
}

function encoded(value: Value): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') } : value
}

/** Rows handed over at a time. */
const batchSize = 100
/** Longer than any row: a manifest has 64 MiB at most, and base64 makes a third more of it. */
const longestLine = 128 * 1024 * 1024

/** Reads the rows again. After the last one it fails with `damaged` unless all were as they had been written. */
export async function readRows(archive: Archive, file: TableFile): Promise<TableRows> {
  const lines = linesOf(archive, file)
  const { value: first } = await lines.next()
  if (first === undefined) throw damaged(file, 'is empty')
  async function* batches() {
    let batch: Value[][] = []
    for await (const line of lines) {
      batch.push(parsed(file, line).map(decoded))
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
  return { columns: parsed(file, first).map(String), batches: batches() }
}

/** Reads the file to its end. Answers what is wrong with it, or nothing. */
export async function problemOf(archive: Archive, file: TableFile): Promise<string | undefined> {
  try {
    for await (const line of linesOf(archive, file)) void line
    return undefined
  } catch (error) {
    if (error instanceof BackupError) return error.message
    throw error
  }
}

/** The whole lines of the file; fails at its end when it is not the one that was written. */
async function* linesOf(archive: Archive, file: TableFile): AsyncGenerator<string, void> {
  const stream = archive.read(file.file)
  if (stream === undefined) throw damaged(file, 'is missing')
  const hasher = createHasher('sha256')
  let [size, count] = [0, 0]
  let rest: Uint8Array[] = []
  let held = 0
  for await (const chunk of stream) {
    size += chunk.length
    hasher.update(chunk)
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end))
      count++
      yield Buffer.concat(rest).toString('utf8')
      rest = []
      held = 0
      start = end + 1
    }
    rest.push(chunk.slice(start))
    held += chunk.length - start
    if (held > longestLine) throw damaged(file, 'has a line that is too long')
  }
  if (size !== file.bytes) throw damaged(file, `has ${size} bytes, not ${file.bytes}`)
  if (hasher.digest() !== file.digest) throw damaged(file, 'does not have the digest it was written with')
  if (held > 0 || count !== file.rows + 1) throw damaged(file, `has ${count - 1} rows, not ${file.rows}`)
}

function parsed(file: TableFile, line: string): unknown[] {
  try {
    const values: unknown = JSON.parse(line)
    if (Array.isArray(values)) return values as unknown[]
  } catch {
    // Said below.
  }
  throw damaged(file, 'has a line that is no row')
}

function decoded(value: unknown): Value {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'object' && 'base64' in value && typeof value.base64 === 'string') return Buffer.from(value.base64, 'base64')
  throw new BackupError('damaged', 'a row has a value that no row has')
}

function damaged({ file }: TableFile, what: string): BackupError {
  return new BackupError('damaged', `${file} ${what}`)
}
