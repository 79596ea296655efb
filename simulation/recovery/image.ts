import { expect } from 'bun:test'
import { expectStatus, type Client } from '../rig/client.ts'
import { bytesOf, createContent, type Content } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'

const layer = (name: string, size: number): Content => createContent(name, size)
/** A small one, the largest that is a row, and two that are files. */
export const contents = [layer('small', 100), layer('row', 32_768), layer('object', 40_000), layer('large', 700_000)]
const config = layer('config', 200)
export const image = (name: string): Manifest => createManifest(name, config, contents)

export async function push(client: Client, repository: string, tag: string): Promise<Manifest> {
  for (const content of [config, ...contents]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${content.digest}`
    expectStatus(await client.send('POST', path, { body: bytesOf(content) }), 201)
  }
  const manifest = image(`${repository}:${tag}`)
  const headers = { 'content-type': manifest.mediaType }
  expectStatus(await client.send('PUT', `/v2/${repository}/manifests/${tag}`, { body: manifest.bytes, headers }), 201)
  return manifest
}

export async function expectImage(client: Client, repository: string, tag: string): Promise<void> {
  const manifest = image(`${repository}:${tag}`)
  const pulled = expectStatus(await client.send('GET', `/v2/${repository}/manifests/${tag}`), 200)
  expect(Buffer.compare(pulled.bytes, manifest.bytes)).toBe(0)
  for (const content of [config, ...contents]) {
    const blob = expectStatus(await client.send('GET', `/v2/${repository}/blobs/${content.digest}`), 200)
    expect(Buffer.compare(blob.bytes, bytesOf(content))).toBe(0)
  }
}
