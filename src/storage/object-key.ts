import { excerpt } from '../lib/index.ts'
import { isDigest, type Digest } from '../oci/index.ts'
import { StorageError } from './blob-store.ts'

/** Where a finished object lies: `key` is `<directory>/<name>`, all relative, and `name` is `<hex of the digest>.<id>`. */
export interface ObjectKey {
  readonly key: string
  readonly directory: string
  readonly hex: string
  readonly id: string
}

const idPattern = /^[0-9a-z][0-9a-z-]{0,63}$/
const longestKey = 'blobs/sha512/ab/'.length + 128 + 1 + 64

export function isObjectId(id: string): boolean {
  return typeof id === 'string' && idPattern.test(id)
}

/**
 * The one gate for ids. Whoever can change a database row must not be able to name a file outside the store with it.
 * @throws StorageError `failed`
 */
export function checkObjectId(id: string): string {
  if (isObjectId(id)) return id
  throw new StorageError('failed', `not an object id: ${excerpt(String(id))}`)
}

/**
 * `blobs/sha256/ab/ab12....<id>`: a person finds a blob by its digest, and two uploads of it never share a name.
 * @throws StorageError `failed` when either is malformed
 */
export function objectKey(id: string, digest: string): ObjectKey {
  checkObjectId(id)
  if (!isDigest(digest)) throw new StorageError('failed', `not a digest: ${excerpt(String(digest))}`)
  const [algorithm = '', hex = ''] = digest.split(':')
  const directory = `blobs/${algorithm}/${hex.slice(0, 2)}`
  return { key: `${directory}/${hex}.${id}`, directory, hex, id }
}

/**
 * The one gate for keys: accepts exactly what `objectKey` makes.
 * @throws StorageError `failed`
 */
export function parseObjectKey(key: string): ObjectKey {
  if (typeof key === 'string' && key.length <= longestKey) {
    const [, algorithm = '', file = ''] = /^blobs\/(sha256|sha512)\/[0-9a-f]{2}\/([^/]+)$/.exec(key) ?? []
    const [hex = '', id = ''] = file.split('.', 2)
    const digest = `${algorithm}:${hex}`
    if (isDigest(digest) && idPattern.test(id)) {
      const parsed = objectKey(id, digest)
      if (parsed.key === key) return parsed
    }
  }
  throw new StorageError('failed', `not the key of an object: ${excerpt(String(key))}`)
}

/**
 * The digest of the bytes under a key.
 * @throws StorageError `failed` when the key is malformed
 */
export function digestOfKey(key: string): Digest {
  const { directory, hex } = parseObjectKey(key)
  return `${directory.split('/')[1]}:${hex}` as Digest
}

/**
 * The same for a call that names an object by both, so that one tampered row cannot reach another object's bytes.
 * @throws StorageError `failed` when the key is malformed or belongs to another id
 */
export function parseKeyOf(id: string, key: string): ObjectKey {
  checkObjectId(id)
  const parsed = parseObjectKey(key)
  if (parsed.id !== id) throw new StorageError('failed', `the key ${parsed.key} does not belong to object ${id}`)
  return parsed
}

/**
 * The gate for sizes and offsets, which come from rows as well: a negative one means something else to a system call.
 * @throws StorageError `failed`
 */
export function checkByteCount(count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new StorageError('failed', `not a number of bytes: ${excerpt(String(count))}`)
}
