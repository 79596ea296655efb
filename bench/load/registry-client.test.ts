import { afterEach, expect, test } from 'bun:test'
import { artifactOf, contentOf, emptyConfig, numberedBlob } from './artifact.ts'
import { openRegistryClient } from './registry-client.ts'
import { uploadTarget } from './upload-target.ts'

const blob = numberedBlob(7)

test('numbered blobs have 1 KiB, and differ when their numbers do', () => {
  expect(blob.bytes.byteLength).toBe(1024)
  expect(numberedBlob(7)).toEqual(blob)
  expect(numberedBlob(8).digest).not.toBe(blob.digest)
})

test('an artifact names its blobs', () => {
  const { manifest, blobs } = artifactOf([blob])
  const parsed = JSON.parse(Buffer.from(manifest.bytes).toString()) as { config: object; layers: object[] }
  expect(blobs).toEqual([emptyConfig, blob])
  expect(parsed.config).toMatchObject({ digest: emptyConfig.digest, size: 2 })
  expect(parsed.layers).toMatchObject([{ digest: blob.digest, size: 1024 }])
})

test('an upload goes where the server says', () => {
  expect(uploadTarget('/v2/a/blobs/uploads/1', 'sha256:x')).toBe('/v2/a/blobs/uploads/1?digest=sha256:x')
  expect(uploadTarget('http://127.0.0.1:5000/v2/a?_state=y', 'sha256:x')).toBe('/v2/a?_state=y&digest=sha256:x')
  expect(uploadTarget('/v2/a?_state=y')).toBe('/v2/a?_state=y')
  expect(() => uploadTarget(undefined, 'sha256:x')).toThrow('without a Location')
})

let server: Bun.Server<undefined> | undefined
afterEach(async () => await server?.stop(true))

/** A server that takes every upload and answers this PUT, and this GET. */
async function clientOf(put: () => Response, get = () => new Response('')) {
  const post = () => new Response(null, { status: 202, headers: { Location: '/upload' } })
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ method }) => (method === 'POST' ? post() : method === 'PUT' ? put() : get()),
  })
  return await openRegistryClient(server.port ?? 0)
}

const created = (digest: string) => () => new Response(null, { status: 201, headers: { 'Docker-Content-Digest': digest } })

test('a push that is acknowledged as it was meant', async () => {
  const client = await clientOf(created(blob.digest), () => new Response(Buffer.from(blob.bytes)))
  await client.pushBlob('a', blob)
  await client.pushManifest('a', 'tag', blob)
  await client.checkBlob('a', blob)
  client.close()
})

test('a push may be acknowledged by its Location alone', async () => {
  const at = (digest: string) => () => new Response(null, { status: 201, headers: { Location: `/v2/a/blobs/${digest}` } })
  const client = await clientOf(at(blob.digest))
  await client.pushBlob('a', blob)
  await expect(client.pushBlob('a', emptyConfig)).rejects.toThrow(`acknowledged as ${blob.digest}`)
  client.close()
})

test('another status, another digest and other bytes are errors', async () => {
  const refusing = await clientOf(() => new Response('no', { status: 500 }))
  await expect(refusing.pushBlob('a', blob)).rejects.toThrow('status 500 instead of 201: no')
  await server?.stop(true)
  const lying = await clientOf(created(emptyConfig.digest), () => new Response(Buffer.from(contentOf(Buffer.from('x')).bytes)))
  await expect(lying.pushManifest('a', 'tag', blob)).rejects.toThrow(`acknowledged as ${emptyConfig.digest}`)
  await expect(lying.checkManifest('a', 'tag', blob)).rejects.toThrow('1 bytes with the digest')
})
