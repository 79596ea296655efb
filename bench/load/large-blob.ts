import type { Content } from './artifact.ts'
import type { RegistryClient } from './registry-client.ts'
import { checkAcknowledged, uploadTarget } from './upload-target.ts'

/** A blob too large to be kept once for each of its kind: a number, and bytes that all of them share. */
export interface LargeBlob {
  readonly digest: string
  readonly size: number
  readonly pieces: readonly [Uint8Array, Uint8Array]
}

const headSize = 8
/** A chunk of a streamed push, as Docker's client sends them. */
const wireChunk = 32 * 1024
const written = 1024 * 1024

let shared = Buffer.alloc(0)
const known = new Map<string, LargeBlob>()

/** The same for the same number and size, and no other: no stretch of its bytes comes twice. */
export function largeBlob(number: number, size: number): LargeBlob {
  const key = `${number} ${size}`
  const old = known.get(key)
  if (old !== undefined) return old
  const head = Buffer.alloc(Math.min(headSize, size))
  head.writeUInt32LE(number)
  const pieces = [head, noise(size - head.byteLength)] as const
  const hasher = new Bun.CryptoHasher('sha256')
  for (const piece of pieces) hasher.update(piece)
  const blob = { digest: `sha256:${hasher.digest('hex')}`, size, pieces }
  known.set(key, blob)
  return blob
}

/** Marsaglia's xorshift32, which repeats after 16 GB. */
function noise(size: number): Uint8Array {
  if (shared.byteLength < size) {
    const words = new Uint32Array(Math.ceil(size / 4))
    let state = 2463534242
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[i] = state
    }
    shared = Buffer.from(words.buffer)
  }
  return shared.subarray(0, size)
}

/** Whether a piece of an answer is what the blob has at that offset. */
export function isAt({ pieces: [head, rest] }: LargeBlob, offset: number, piece: Buffer): boolean {
  const inHead = Math.min(piece.byteLength, Math.max(0, head.byteLength - offset))
  if (!piece.subarray(0, inHead).equals(head.subarray(offset, offset + inHead))) return false
  const from = offset + inHead - head.byteLength
  return piece.subarray(inHead).equals(rest.subarray(from, from + piece.byteLength - inHead))
}

/**
 * GETs all of a blob or the bytes from `first` to `last`, and compares every one of them.
 * @throws Error for another status, another byte or another length
 */
export async function readLarge(
  client: RegistryClient,
  repository: string,
  blob: LargeBlob,
  range?: { readonly first: number; readonly last: number },
): Promise<void> {
  const { first, last } = range ?? { first: 0, last: blob.size - 1 }
  const target = `/v2/${repository}/blobs/${blob.digest}`
  let offset = first
  await client.ask(range === undefined ? 200 : 206, {
    method: 'GET',
    target,
    headers: range === undefined ? {} : { Range: `bytes=${first}-${last}` },
    onBody: (piece) => {
      if (!isAt(blob, offset, piece)) throw new Error(`${target}: a wrong byte in the ${piece.byteLength} from ${offset}`)
      offset += piece.byteLength
    },
  })
  if (offset !== last + 1) throw new Error(`${target}: ${offset - first} bytes instead of ${last + 1 - first}`)
}

/** POST, and PUT with all of it. */
export async function pushWhole(client: RegistryClient, repository: string, blob: LargeBlob): Promise<void> {
  await finish(client, await begin(client, repository), blob, blob.pieces)
}

/** POST, a PATCH with a Content-Range for each chunk, and an empty PUT. */
export async function pushInChunks(client: RegistryClient, repository: string, blob: LargeBlob, chunk: number): Promise<void> {
  let location = await begin(client, repository)
  for (let first = 0; first < blob.size; first += chunk) {
    const end = Math.min(blob.size, first + chunk)
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Range': `${first}-${end - 1}` }
    const { headers: answer } = await client.ask(202, {
      method: 'PATCH',
      target: uploadTarget(location),
      headers,
      body: slice(blob, first, end),
    })
    location = answer.get('location')
  }
  await finish(client, location, blob, [])
}

/** POST, one PATCH with all of it whose length is not announced, and an empty PUT: as Docker pushes. */
export async function pushStreamed(client: RegistryClient, repository: string, blob: LargeBlob): Promise<void> {
  const { headers } = await client.ask(202, {
    method: 'PATCH',
    target: uploadTarget(await begin(client, repository)),
    headers: { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' },
    body: inWireChunks(blob),
  })
  await finish(client, headers.get('location'), blob, [])
}

async function begin(client: RegistryClient, repository: string): Promise<string | undefined> {
  const { headers } = await client.ask(202, { method: 'POST', target: `/v2/${repository}/blobs/uploads/` })
  return headers.get('location')
}

async function finish(
  client: RegistryClient,
  location: string | undefined,
  { digest }: LargeBlob,
  body: readonly Uint8Array[],
): Promise<void> {
  const headers = { 'Content-Type': 'application/octet-stream' }
  checkAcknowledged(await client.ask(201, { method: 'PUT', target: uploadTarget(location, digest), headers, body }), digest)
}

function slice({ pieces: [head, rest] }: LargeBlob, first: number, end: number): Uint8Array[] {
  const cut = head.byteLength
  return [head.subarray(first, end), rest.subarray(Math.max(0, first - cut), Math.max(0, end - cut))]
}

function* inWireChunks(blob: LargeBlob): Generator<Uint8Array> {
  for (let first = 0; first < blob.size; first += written) {
    const frames: Uint8Array[] = []
    for (let at = first; at < Math.min(blob.size, first + written); at += wireChunk) {
      const end = Math.min(blob.size, first + written, at + wireChunk)
      frames.push(Buffer.from(`${(end - at).toString(16)}\r\n`), ...slice(blob, at, end), Buffer.from('\r\n'))
    }
    yield Buffer.concat(frames)
  }
  yield Buffer.from('0\r\n\r\n')
}

/** As an ordinary blob, for systems that are handed files. Copies its bytes. */
export function wholeOf(blob: LargeBlob): Content {
  return { digest: blob.digest, bytes: Buffer.concat(blob.pieces) }
}
