import { expect } from 'bun:test'
import { digestOf } from '../digest.ts'
import type { Answer } from './answer.ts'
import { jsonOf, locationOf, type Client } from './client.ts'

/**
 * Expects a 201 with a Location where the very bytes are, and the digest, which any registry may leave out;
 * of Berth the path and the header too.
 */
export async function expectCreated(
  client: Client,
  repository: string,
  answer: Answer,
  content: Uint8Array,
  digest: string,
): Promise<void> {
  expect(answer.status).toBe(201)
  expectDigest(client, answer, digest)
  if (client.holdsTo('berth')) expect(locationOf(answer)).toBe(`/v2/${repository}/blobs/${digest}`)
  else expect(digestOf((await client.send('GET', locationOf(answer))).bytes)).toBe(digestOf(content))
  await expectBlob(client, repository, content, digest)
}

/** distribution-spec 1.1 says SHOULD of the header; when it is there it must be right. */
export function expectDigest(client: Client, { headers }: Answer, digest: string): void {
  const sent = headers.get('docker-content-digest')
  if (sent !== null || client.holdsTo('clients')) expect(sent).toBe(digest)
}

/** Expects a blob under HEAD and GET. */
export async function expectBlob(client: Client, repository: string, content: Uint8Array, digest: string): Promise<void> {
  const path = `/v2/${repository}/blobs/${digest}`
  const head = await client.send('HEAD', path)
  const get = await client.send('GET', path)
  for (const answer of [head, get]) {
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe(String(content.length))
    expectDigest(client, answer, digest)
    if (client.holdsTo('berth')) expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  }
  expect(digestOf(get.bytes)).toBe(digestOf(content))
}

/** Expects that there is no such blob, nor perhaps the repository. */
export async function expectNoBlob(client: Client, repository: string, digest: string): Promise<void> {
  const path = `/v2/${repository}/blobs/${digest}`
  expect((await client.send('HEAD', path)).status).toBe(404)
  const get = await client.send('GET', path)
  expect(get.status).toBe(404)
  if (!client.holdsTo('berth')) return
  const { errors } = jsonOf(get) as { errors: { code: string }[] }
  expect(['BLOB_UNKNOWN', 'NAME_UNKNOWN']).toContain(errors[0]?.code ?? '')
}

/** Deletes a blob and expects it gone at once. Returns whether the registry deletes blobs at all. */
export async function deleteBlob(client: Client, repository: string, digest: string): Promise<boolean> {
  const { status } = await client.send('DELETE', `/v2/${repository}/blobs/${digest}`)
  if (status === 405 && !client.holdsTo('berth')) return false
  expect(status).toBe(202)
  await expectNoBlob(client, repository, digest)
  return true
}
