import { digestBytes } from '../../src/oci/index.ts'
import type { Ask, Credential, World } from './world.ts'

/** What is asked of an endpoint, which permissions that takes, and what is made ready before. */
export interface V2Case {
  /** Of the route table; several cases may be about one. */
  readonly operation: string
  readonly name: string
  readonly needs: readonly string[]
  /** @param credential of whoever asks, if they are allowed to; else of the administrator: an upload is its beginner's */
  readonly ask: (world: World, repository: string, credential: Credential) => Promise<Ask> | Ask
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const encoder = new TextEncoder()

export interface Content {
  readonly digest: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function contentOf(bytes: Uint8Array<ArrayBuffer>): Content {
  return { digest: digestBytes(bytes, 'sha256'), bytes }
}

export const v2Path = (repository: string, rest: string): string => `/v2/${repository}/${rest}`

export const emptyConfig: Content = contentOf(encoder.encode('{}'))

function freshManifest(): Content {
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: emptyConfig.digest, size: 2 }
  const text = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [config], annotations: { n: crypto.randomUUID() } })
  return contentOf(encoder.encode(text))
}

async function done(answer: Promise<Response>): Promise<Response> {
  const { ok, status } = await answer
  if (!ok) throw new Error(`${status} ${await (await answer).text()}`)
  return await answer
}

export async function pushBlob(world: World, credential: Credential, repository: string, blob: Content): Promise<void> {
  await done(world.send(credential, { method: 'POST', path: `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`, body: blob.bytes }))
}

const putManifest = (repository: string, reference: string, { bytes }: Content): Ask => ({
  method: 'PUT',
  path: `/v2/${repository}/manifests/${reference}`,
  body: bytes,
  headers: { 'content-type': manifestType },
})

/** Under a tag of its own, by the administrator. */
export async function pushTagged(world: World, repository: string): Promise<Content & { readonly tag: string }> {
  const [manifest, tag] = [freshManifest(), world.fresh('tag')]
  await pushBlob(world, world.credentialOf('admin', ''), repository, emptyConfig)
  await done(world.send(world.credentialOf('admin', ''), putManifest(repository, tag, manifest)))
  return { ...manifest, tag }
}

async function blobOf(world: World, repository: string): Promise<Content> {
  const blob = contentOf(crypto.getRandomValues(new Uint8Array(64)))
  await pushBlob(world, world.credentialOf('admin', ''), repository, blob)
  return blob
}

async function begun(world: World, repository: string, credential: Credential): Promise<string> {
  const { headers } = await done(world.send(credential, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }))
  return headers.get('location') ?? ''
}

const read = ['content.pull']
const write = ['content.push']

export const v2Cases: readonly V2Case[] = [
  { operation: 'getManifest', name: 'by tag', needs: read, ask: async (world, repository) => ({ method: 'GET', path: `/v2/${repository}/manifests/${(await pushTagged(world, repository)).tag}` }) },
  { operation: 'getManifest', name: 'by digest', needs: read, ask: async (world, repository) => ({ method: 'GET', path: `/v2/${repository}/manifests/${(await pushTagged(world, repository)).digest}` }) },
  { operation: 'headManifest', name: 'by tag', needs: read, ask: async (world, repository) => ({ method: 'HEAD', path: `/v2/${repository}/manifests/${(await pushTagged(world, repository)).tag}` }) },
  { operation: 'putManifest', name: 'by digest', needs: write, ask: (_, repository) => { const manifest = freshManifest(); return putManifest(repository, manifest.digest, manifest) } },
  { operation: 'putManifest', name: 'a new tag', needs: [...write, 'tag.create'], ask: (world, repository) => putManifest(repository, world.fresh('tag'), freshManifest()) },
  { operation: 'putManifest', name: 'a tag that is there', needs: [...write, 'tag.move'], ask: async (world, repository) => putManifest(repository, (await pushTagged(world, repository)).tag, freshManifest()) },
  { operation: 'deleteManifest', name: 'a tag', needs: ['tag.delete'], ask: async (world, repository) => ({ method: 'DELETE', path: `/v2/${repository}/manifests/${(await pushTagged(world, repository)).tag}` }) },
  { operation: 'deleteManifest', name: 'by digest', needs: ['content.delete'], ask: async (world, repository) => ({ method: 'DELETE', path: `/v2/${repository}/manifests/${(await pushTagged(world, repository)).digest}` }) },
  { operation: 'getBlob', name: '', needs: read, ask: async (world, repository) => ({ method: 'GET', path: `/v2/${repository}/blobs/${(await blobOf(world, repository)).digest}` }) },
  { operation: 'headBlob', name: '', needs: read, ask: async (world, repository) => ({ method: 'HEAD', path: `/v2/${repository}/blobs/${(await blobOf(world, repository)).digest}` }) },
  { operation: 'deleteBlob', name: '', needs: ['content.delete'], ask: async (world, repository) => ({ method: 'DELETE', path: `/v2/${repository}/blobs/${(await blobOf(world, repository)).digest}` }) },
  { operation: 'startUpload', name: '', needs: write, ask: (_, repository) => ({ method: 'POST', path: `/v2/${repository}/blobs/uploads/` }) },
  { operation: 'uploadStatus', name: '', needs: write, ask: async (world, repository, credential) => ({ method: 'GET', path: await begun(world, repository, credential) }) },
  { operation: 'appendUpload', name: '', needs: write, ask: async (world, repository, credential) => ({ method: 'PATCH', path: await begun(world, repository, credential), body: crypto.getRandomValues(new Uint8Array(16)) }) },
  {
    operation: 'finishUpload',
    name: '',
    needs: write,
    ask: async (world, repository, credential) => {
      const { digest, bytes } = contentOf(crypto.getRandomValues(new Uint8Array(16)))
      const location = await begun(world, repository, credential)
      return { method: 'PUT', path: `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`, body: bytes }
    },
  },
  { operation: 'cancelUpload', name: '', needs: write, ask: async (world, repository, credential) => ({ method: 'DELETE', path: await begun(world, repository, credential) }) },
  { operation: 'listTags', name: '', needs: read, ask: (_, repository) => ({ method: 'GET', path: `/v2/${repository}/tags/list` }) },
  { operation: 'listReferrers', name: '', needs: read, ask: async (world, repository) => ({ method: 'GET', path: `/v2/${repository}/referrers/${(await pushTagged(world, repository)).digest}` }) },
]
