import { expect } from 'bun:test'
import { digestOf } from '../digest.ts'
import { jsonOf, locationOf, type Answer, type Client } from './client.ts'

/** Expects a 201 with the Location and digest of a blob, and the very bytes there. */
export async function expectCreated(
  client: Client,
  repository: string,
  answer: Answer,
  content: Uint8Array,
  digest: string,
): Promise<void> {
  expect(answer.status).toBe(201)
  expect(locationOf(answer)).toBe(`/v2/${repository}/blobs/${digest}`)
  expect(answer.headers.get('docker-content-digest')).toBe(digest)
  await expectBlob(client, repository, content, digest)
}

/** Expects a blob under HEAD and GET. */
export async function expectBlob(client: Client, repository: string, content: Uint8Array, digest: string): Promise<void> {
  const path = `/v2/${repository}/blobs/${digest}`
  const head = await client.send('HEAD', path)
  const get = await client.send('GET', path)
  for (const { status, headers } of [head, get]) {
    expect(status).toBe(200)
    expect(headers.get('content-length')).toBe(String(content.length))
    expect(headers.get('docker-content-digest')).toBe(digest)
    expect(headers.get('content-type')).toBe('application/octet-stream')
  }
  expect(digestOf(get.bytes)).toBe(digestOf(content))
}

/** Expects that there is no such blob, nor perhaps the repository. */
export async function expectNoBlob(client: Client, repository: string, digest: string): Promise<void> {
  const path = `/v2/${repository}/blobs/${digest}`
  expect((await client.send('HEAD', path)).status).toBe(404)
  const { errors } = jsonOf(await client.send('GET', path)) as { errors: { code: string }[] }
  expect(['BLOB_UNKNOWN', 'NAME_UNKNOWN']).toContain(errors[0]?.code ?? '')
}

/** Deletes a blob and expects it gone at once. */
export async function deleteBlob(client: Client, repository: string, digest: string): Promise<void> {
  expect((await client.send('DELETE', `/v2/${repository}/blobs/${digest}`)).status).toBe(202)
  await expectNoBlob(client, repository, digest)
}
