import { statement, transaction, type Tx } from '../database/index.ts'
import { digestAlgorithm, digestBytes, isDigest } from '../oci/index.ts'
import { record } from '../record/index.ts'
import { queueCollection, type QueueKind } from './queue-store.ts'
import { noteUnnamed } from './unnamed-store.ts'

const enliven = statement(`
  update object set state = 'live', since = $2
  where id = $1 and state = 'damaged' and exists (select 1 from blob b where b.object_id = $1)`)

/** The bytes of a damaged object turned out whole: they were away, or were put back. It is served again. */
export const restoreObject = transaction(
  'restore object',
  async (tx: Tx, input: { readonly objectId: string; readonly digest: string }) => {
    if ((await tx.run(enliven, input.objectId, tx.now)) === 0) return { ok: false }
    const keys = { object: input.objectId, digest: input.digest }
    return await record(tx, { kind: 'object.restored', actor: undefined, repositoryId: undefined, keys }, true)
  },
)

const lockBlob = statement<{ digest: string }>('select digest from blob where id = $1 for update')
const readContent = statement<{ bytes: Uint8Array }>('select bytes from content where blob_id = $1')
const removeContent = statement('delete from content where blob_id = $1')

/**
 * Inline bytes that do not have their digest go: their blob counts as missing from then on, so that a push brings them back.
 * They are read and hashed once more here, by another connection, so that no error of the first reader takes good ones.
 */
export const dropContent = transaction('drop content', async (tx: Tx, input: { readonly blobId: number }) => {
  const blob = await tx.one(lockBlob, input.blobId)
  const content = blob && (await tx.one(readContent, input.blobId))
  if (blob === undefined || content === undefined || !isDigest(blob.digest)) return { ok: false }
  const actual = digestBytes(content.bytes, digestAlgorithm(blob.digest))
  if (actual === blob.digest) return { ok: false }
  await tx.run(removeContent, input.blobId)
  const keys = { digest: blob.digest, finding: `has the digest ${actual}` }
  return await record(tx, { kind: 'content.damaged', actor: undefined, repositoryId: undefined, keys }, true)
})

// The lock that the collector's step for such a key takes first, in the mode that excludes it.
const locks: Readonly<Record<QueueKind, ReturnType<typeof statement<{ one: number }>>>> = {
  link: statement('select 1 as one from blob where id = cast($1 as bigint) for key share'),
  blob: statement('select 1 as one from blob where id = cast($1 as bigint) for key share'),
  object: statement('select 1 as one from object where id = $1 for share'),
  upload: statement('select 1 as one from upload where id = $1 for share'),
}

const lockManifest = statement<{ one: number }>(`
  select 1 as one from manifest where repository_id = cast($1 as bigint) and digest = $2 for key share`)

/** What the queue forgot is looked at again, after `wait` ms: whether it goes is decided then. False when there is no such row. */
export const queueAgain = transaction(
  'queue again',
  async (tx: Tx, input: { readonly kind: QueueKind | 'manifest'; readonly key: string; readonly wait: number }) => {
    if (input.kind === 'manifest') return await noteAgain(tx, input.key)
    const row = input.kind === 'link' ? input.key.slice(input.key.indexOf(':') + 1) : input.key
    if ((await tx.one(locks[input.kind], row)) === undefined) return { ok: false }
    await queueCollection(tx, input.kind, input.key, tx.now + input.wait)
    return { ok: true }
  },
)

/** @param key `repository:digest` */
async function noteAgain(tx: Tx, key: string): Promise<{ ok: boolean }> {
  const [repositoryId, digest] = [Number(key.slice(0, key.indexOf(':'))), key.slice(key.indexOf(':') + 1)]
  if ((await tx.one(lockManifest, repositoryId, digest)) === undefined) return { ok: false }
  await noteUnnamed(tx, repositoryId, digest)
  return { ok: true }
}
