import { Database } from 'bun:sqlite'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../rig/random.ts'

/** What happens to stored bytes: one bit turns, the end is lost, all is lost, zeros stand where bytes stood. */
export const harms = ['flip', 'cut', 'empty', 'zeros'] as const
export type Harm = (typeof harms)[number]

/** Other bytes than these. */
export function harmed(bytes: Uint8Array, harm: Harm, random: Random): Uint8Array {
  switch (harm) {
    case 'flip': {
      const copy = bytes.slice()
      const position = random.below(copy.length)
      copy[position] = (copy[position] ?? 0) ^ (1 << random.below(8))
      return copy
    }
    case 'cut':
      return bytes.slice(0, random.between(1, bytes.length - 1))
    case 'empty':
      return new Uint8Array(0)
    case 'zeros':
      return new Uint8Array(bytes.length)
  }
}

/** The file of a digest in a data directory. */
export function fileOf(data: string, digest: string): string {
  const hex = digest.slice('sha256:'.length)
  const folder = join(data, 'blobs', 'sha256', hex.slice(0, 2))
  const name = readdirSync(folder).find((each) => each.startsWith(hex))
  if (name === undefined) throw new Error(`no file has the digest ${digest}`)
  return join(folder, name)
}

export function harmFile(path: string, harm: Harm, random: Random): void {
  writeFileSync(path, harmed(readFileSync(path), harm, random))
}

const readContent = 'select c.blob_id, c.bytes from content c join blob b on b.id = c.blob_id where b.digest = ?'

/** Harms inline bytes in the database, while no server runs: a bit in the file itself, lengths by a statement. */
export function harmContent(data: string, digest: string, harm: Harm, random: Random): void {
  const path = join(data, 'berth.db')
  const database = new Database(path)
  let row
  try {
    row = database.query<{ blob_id: number; bytes: Uint8Array }, [string]>(readContent).get(digest)
    if (row === null) throw new Error(`no content has the digest ${digest}`)
    if (harm !== 'flip') database.query('update content set bytes = ? where blob_id = ?').run(harmed(row.bytes, harm, random), row.blob_id)
  } finally {
    database.close()
  }
  if (harm === 'flip') flipInFile(path, digest, row.bytes, random)
}

/** The first bytes of a row lie together in its page. A page that was given up may hold them too: that one is left alone. */
function flipInFile(path: string, digest: string, bytes: Uint8Array, random: Random): void {
  const start = Buffer.from(bytes.subarray(0, 64))
  const file = readFileSync(path)
  const [offset, bit] = [random.below(start.length), 1 << random.below(8)]
  for (let found = file.indexOf(start); found !== -1; found = file.indexOf(start, found + 1)) {
    const position = found + offset
    file[position] = (file[position] ?? 0) ^ bit
    writeFileSync(path, file)
    if (!isContent(path, digest, bytes)) return
    file[position] = (file[position] ?? 0) ^ bit
  }
  throw new Error(`the content of ${digest} was not found in the file`)
}

function isContent(path: string, digest: string, bytes: Uint8Array): boolean {
  const database = new Database(path, { readonly: true })
  try {
    const row = database.query<{ bytes: Uint8Array }, [string]>(readContent).get(digest)
    return row !== null && Buffer.compare(row.bytes, bytes) === 0
  } finally {
    database.close()
  }
}
