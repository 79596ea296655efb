import type { Digest, DigestAlgorithm } from '../oci/index.ts'
import type { Received } from './upload-writer.ts'
import type { UploadBody } from './registry.ts'
import type { OpenUploadRow } from './upload-store.ts'

/** What somebody has written of an upload, as its row tells. */
export interface WrittenElsewhere {
  readonly id: string
  readonly epoch: number
  readonly size: number
  readonly objectId: string
  readonly algorithm: DigestAlgorithm
}

/** Other threads of this process, by the names that they write under. */
export interface OtherWriters {
  /**
   * Makes `owner` let go of what it has written, and answers the digest of it. Absent when that is none of these threads, or it is
   * writing now, or knows the bytes no longer: then they can only be copied.
   */
  release(owner: string, written: WrittenElsewhere): Promise<Digest | undefined>
}

/** All bytes of an upload, none of which are written or read here any more. */
export interface ReleasedUpload {
  readonly received: Received
  readonly digest: Digest
}

/**
 * Clients send the bytes of a blob in one request and end the upload with another, on whichever connection is free. Where that
 * one meets another thread, the object is taken as it is: whoever wrote it goes on in a copy, should more come to it after all.
 */
export async function releasedUpload(
  { owner, otherWriters }: { readonly owner: string; readonly otherWriters?: OtherWriters | undefined },
  id: string,
  row: OpenUploadRow,
  body: UploadBody,
  algorithm: DigestAlgorithm,
): Promise<ReleasedUpload | undefined> {
  const hasBytes = body.stream !== null || body.range !== undefined || (body.length ?? 0) > 0
  if (otherWriters === undefined || row.owner === owner || hasBytes || row.object_id === null || row.object_key !== null) return undefined
  const { epoch, received: size, object_id: objectId } = row
  const digest = await otherWriters.release(row.owner, { id, epoch, size, objectId, algorithm })
  if (digest === undefined) return undefined
  return { digest, received: { epoch, size, bytes: { objectId }, end: { whole: true }, hash: undefined } }
}
