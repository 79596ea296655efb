import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestBytes, isDigest, digestAlgorithm } from '../../src/oci/index.ts'
import type { BlobRow, ObjectRow, Rows } from './rows.ts'

/**
 * Compares rows and files of a data directory that no server uses: no file without a row, no live row without its file, every
 * blob with its bytes. With `hash`, every byte is read too. Answers what is wrong.
 */
export function takeInventory(data: string, rows: Rows, { hash }: { readonly hash: boolean }): string[] {
  const objects = new Map(rows.objects.map((row) => [row.id, row]))
  const holders = new Map(rows.blobs.flatMap((blob) => (blob.object_id === null ? [] : [[blob.object_id, blob] as const])))
  const problems = [...rows.problems]
  for (const object of rows.objects) problems.push(...objectProblems(data, object, holders.get(object.id), hash))
  for (const blob of rows.blobs) problems.push(...blobProblems(blob, objects))
  for (const path of filesBelow(data, 'uploads')) problems.push(...unfinishedProblems(path, objects))
  for (const path of filesBelow(data, 'blobs')) problems.push(...finishedProblems(path, objects))
  return problems
}

type Problems = Generator<string, void>

function* objectProblems(data: string, object: ObjectRow, holder: BlobRow | undefined, hash: boolean): Problems {
  const { id, key, stored_size, state } = object
  if (state === 'damaged') yield `object ${id} is damaged`
  if (state !== 'live') {
    if (holder !== undefined) yield `the blob ${holder.digest} has the object ${id}, which is ${state}`
    return
  }
  if (holder === undefined) yield `object ${id} is live, and no blob has it`
  if (key === null || !existsSync(join(data, key))) return yield `object ${id} is live, and has no file ${key}`
  const { size } = statSync(join(data, key))
  if (size !== stored_size) yield `${key} has ${size} bytes, its object row says ${stored_size}`
  if (holder === undefined) return
  if (size !== holder.size) yield `${key} has ${size} bytes, its blob row says ${holder.size}`
  if (hash) yield* digestProblems(key, readFileSync(join(data, key)), holder.digest)
}

function* blobProblems({ digest, size, object_id, bytes }: BlobRow, objects: ReadonlyMap<string, ObjectRow>): Problems {
  if (bytes === null && object_id === null) yield `the blob ${digest} has no bytes`
  if (object_id !== null && !objects.has(object_id)) yield `the blob ${digest} has the object ${object_id}, which has no row`
  if (bytes === null) return
  if (bytes.length !== size) yield `the blob ${digest} has ${bytes.length} bytes, its row says ${size}`
  yield* digestProblems(`the content of ${digest}`, bytes, digest)
}

function* digestProblems(name: string, bytes: Uint8Array, digest: string): Problems {
  if (!isDigest(digest)) return yield `${digest} is no digest`
  const actual = digestBytes(bytes, digestAlgorithm(digest))
  if (actual !== digest) yield `${name} has the digest ${actual}, not ${digest}`
}

function* unfinishedProblems(path: string, objects: ReadonlyMap<string, ObjectRow>): Problems {
  if (!objects.has(path.slice('uploads/'.length))) yield `${path} has no row`
}

function* finishedProblems(path: string, objects: ReadonlyMap<string, ObjectRow>): Problems {
  const object = objects.get(path.slice(path.lastIndexOf('.') + 1))
  if (object === undefined) yield `${path} has no row`
  else if (object.key !== path) yield `${path} has a row with another key, ${object.key}`
}

/** Paths relative to the data directory. */
function filesBelow(data: string, folder: string): string[] {
  if (!existsSync(join(data, folder))) return []
  const entries = readdirSync(join(data, folder), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1))
}
