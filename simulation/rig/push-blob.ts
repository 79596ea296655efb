import { type Answer, type Client, expectStatus, Violation } from './client.ts'
import { bytesOf, type Content } from './content.ts'

/** How a blob is pushed; distribution-spec, "Pushing blobs". `leave` sends chunks and goes away before the end. */
export const pushWays = ['single', 'put', 'stream', 'chunks', 'leave'] as const
export type PushWay = (typeof pushWays)[number]

/** Told how far a session is, so that somebody can take it up when the server was killed. */
export interface SessionWatch {
  opened(location: string): void
  /** Everything before `offset` was sent, and is possibly there. */
  sending(offset: number): void
  /** The server said that it has everything before `offset`. */
  acknowledged(offset: number): void
  /** The PUT that ends it is about to be sent. */
  closing(): void
  /** It was answered 201. */
  closed(): void
}

export interface BlobPush {
  readonly repository: string
  readonly content: Content
  readonly way: PushWay
  /** Number of pieces for the ways that have any. */
  readonly pieces: number
  readonly watch: SessionWatch
}

const uploads = (repository: string): string => `/v2/${repository}/blobs/uploads/`

/** Answers the closing 201, or the 202 of a session that was left open. Fails with Violation on any other answer. */
export async function pushBlob(client: Client, push: BlobPush): Promise<Answer> {
  const { repository, content, way } = push
  const bytes = bytesOf(content)
  if (way === 'single') {
    return expectStatus(await client.send('POST', `${uploads(repository)}?digest=${content.digest}`, { body: bytes }), 201)
  }
  const opened = expectStatus(await client.send('POST', uploads(repository)), 202)
  const location = opened.headers.get('location') ?? ''
  push.watch.opened(location)
  switch (way) {
    case 'put':
      return await close(client, push, location, bytes)
    case 'stream':
      await append(client, push, location, streamOf(bytes, push.pieces), bytes.length)
      return await close(client, push, location, undefined)
    case 'chunks':
    case 'leave':
      return await pushChunks(client, push, location, bytes)
  }
}

async function pushChunks(client: Client, push: BlobPush, location: string, bytes: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const { pieces, way } = push
  const size = Math.ceil(bytes.length / (pieces + 1))
  let last: Answer | undefined
  for (let piece = 0; piece < pieces; piece++) {
    const chunk = bytes.subarray(piece * size, (piece + 1) * size)
    last = await append(client, push, location, chunk, piece * size + chunk.length, piece * size)
  }
  if (way === 'leave' && last !== undefined) return last
  return await close(client, push, location, bytes.subarray(pieces * size))
}

async function append(
  client: Client,
  { watch }: BlobPush,
  location: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  end: number,
  start?: number,
): Promise<Answer> {
  const headers = start === undefined ? {} : { 'content-range': `${start}-${end - 1}` }
  watch.sending(end)
  const answer = expectStatus(await client.send('PATCH', location, { body, headers }), 202)
  if (rangeEnd(answer) !== end) throw new Violation(`${answer.request} took ${answer.headers.get('range')}, not ${end} bytes`)
  watch.acknowledged(end)
  return answer
}

async function close(
  client: Client,
  { watch, content }: BlobPush,
  location: string,
  body: Uint8Array<ArrayBuffer> | undefined,
): Promise<Answer> {
  watch.closing()
  const answer = expectStatus(await client.send('PUT', closingPath(location, content), { body }), 201)
  watch.closed()
  return answer
}

export function closingPath(location: string, { digest }: Content): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
}

/** How many bytes a session has by its `Range: 0-N`. An empty one says `0-0`: no session here ever has a single byte. */
export function rangeEnd({ headers, request }: Answer): number {
  const last = /^0-(\d+)$/.exec(headers.get('range') ?? '')?.[1]
  if (last === undefined) throw new Violation(`${request} answered with the range ${headers.get('range')}`)
  return last === '0' ? 0 : Number(last) + 1
}

/** A body without a length: it is sent chunked, as docker does. */
function streamOf(bytes: Uint8Array<ArrayBuffer>, pieces: number): ReadableStream<Uint8Array> {
  const size = Math.max(1, Math.ceil(bytes.length / pieces))
  let sent = 0
  return new ReadableStream({
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.slice(sent, (sent += size)))
      if (sent >= bytes.length) controller.close()
    },
  })
}
