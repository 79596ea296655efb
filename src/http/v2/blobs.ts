import { andThen, type Soon } from '../../lib/index.ts'
import { type ByteRange, type Digest, parseDigest, parseRange, parseRepositoryName, RegistryError } from '../../oci/index.ts'
import type { PulledBlob } from '../../registry/index.ts'
import { type Answer, emptyAnswer } from '../answer.ts'
import { type Caching, entityTag, isNotModified, rangeStillApplies } from '../caching.ts'
import { exactStream } from '../exact-stream.ts'
import { blobParts, type Opened, type OpenedHere } from './blob-parts.ts'
import type { Api, Call } from './call.ts'

export function getBlob({ registry, caching }: Api, call: Call): Soon<Answer> {
  const repository = parseRepositoryName(call.name)
  return andThen(registry.pull.blob(call.actor, repository, parseDigest(call.last)), (blob) => {
    const headers = blobHeaders(blob.digest, caching)
    const asked = call.request.headers
    if (isNotModified(asked.get('if-none-match'), headers.etag)) return emptyAnswer(304, headers)
    const ranges = wantedRanges(asked, headers.etag, blob.size)
    return andThen(blob.open(ranges[0]), (opened) => contentOrParts(blob, headers, ranges, opened))
  })
}

function contentOrParts(blob: PulledBlob, headers: BlobHeaders, ranges: readonly ByteRange[], opened: Opened): Answer {
  if (ranges.length < 2 || opened.kind === 'redirect') return content(opened, headers, blob.size, ranges[0])
  const parts = blobParts(blob, blobType, ranges, opened)
  headers['content-type'] = parts.contentType
  headers['content-disposition'] = 'attachment'
  return { status: 206, headers, body: parts.stream, length: parts.length }
}

export async function headBlob({ registry, caching }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const blob = await registry.pull.statBlob(call.actor, repository, parseDigest(call.last))
  const headers = blobHeaders(blob.digest, caching)
  if (isNotModified(call.request.headers.get('if-none-match'), headers.etag)) return emptyAnswer(304, headers)
  headers['content-type'] = blobType
  return { status: 200, headers, body: null, length: blob.size }
}

export async function deleteBlob({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  await registry.deletes.blob(call.actor, repository, parseDigest(call.last))
  return emptyAnswer(202, { 'cache-control': 'no-store' })
}

const blobType = 'application/octet-stream'

interface BlobHeaders extends Record<string, string> {
  etag: string
}

function blobHeaders(digest: Digest, caching: Caching): BlobHeaders {
  return {
    'docker-content-digest': digest,
    etag: entityTag(digest),
    'cache-control': caching.byDigest,
    'accept-ranges': 'bytes',
  }
}

/** None: everything. @throws RegistryError `RANGE_INVALID` with the Content-Range that RFC 9110 asks for */
function wantedRanges(asked: Headers, tag: string, size: number): readonly ByteRange[] {
  const header = asked.get('range')
  if (header === null || !rangeStillApplies(asked.get('if-range'), tag)) return []
  const request = parseRange(header, size)
  if (request.kind === 'whole') return []
  if (request.kind === 'range') return [request.range]
  if (request.kind === 'ranges') return request.ranges
  throw new RegistryError('RANGE_INVALID', {
    message: `the range does not lie inside the blob, which has ${size} bytes`,
    detail: { size },
    headers: { 'content-range': `bytes */${size}` },
  })
}

/**
 * `content-disposition` is there since Bun would add one with the name the file has on disk; it also keeps a browser from
 * showing what somebody pushed.
 */
function content(opened: Opened, headers: BlobHeaders, size: number, range: ByteRange | undefined): Answer {
  if (opened.kind === 'redirect') return redirect(opened.url, headers)
  headers['content-type'] = blobType
  headers['content-disposition'] = 'attachment'
  const length = range === undefined ? size : range.end - range.start + 1
  if (range !== undefined) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`
  return { status: range === undefined ? 200 : 206, headers, body: length === 0 ? null : bytesOf(opened, length), length }
}

/** The address holds a right to read that ends soon, so nothing may keep it. */
function redirect(url: string, headers: BlobHeaders): Answer {
  return emptyAnswer(307, {
    location: url,
    'docker-content-digest': headers['docker-content-digest'] ?? '',
    'cache-control': 'no-store',
  })
}

function bytesOf(opened: OpenedHere, length: number): NonNullable<Answer['body']> {
  switch (opened.kind) {
    case 'file':
      return opened.file
    case 'bytes':
      return opened.bytes
    case 'stream':
      return exactStream(opened.stream, length)
  }
}
