import { type Client, expectStatus, Lost, Violation } from '../rig/client.ts'
import { bytesOf, createContent, type Content } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'
import { closingPath } from '../rig/push-blob.ts'
import { digestBytes } from '../../src/oci/index.ts'
import type { Harm } from './damage.ts'

/** Two repositories that hold the same images. */
export const repositories = ['team/app', 'team/other'] as const

/** Every class of stored bytes: a file, a row, and the row of a manifest. */
export const classes = ['layer', 'config', 'manifest'] as const
export type StoredClass = (typeof classes)[number]

/** An image, one of whose kinds of bytes is harmed; a control is left alone. */
export interface Specimen {
  readonly tag: string
  readonly harmed: { readonly kind: StoredClass; readonly harm: Harm } | undefined
  readonly layer: Content
  readonly config: Content
  readonly manifest: Manifest
}

export function createSpecimen(seed: number, harmed: Specimen['harmed']): Specimen {
  const tag = harmed === undefined ? 'control' : `${harmed.kind}-${harmed.harm}`
  const layer = createContent(`bit-rot layer ${seed} ${tag}`, 200_000)
  const config = createContent(`bit-rot config ${seed} ${tag}`, 2_000)
  return { tag, harmed, layer, config, manifest: createManifest(`${seed} ${tag}`, config, [layer]) }
}

export function digestOf(specimen: Specimen, kind: StoredClass): string {
  return specimen[kind].digest
}

/** Pushes as clients do: what a HEAD finds is not sent again, what the other repository has is mounted. */
export async function pushSpecimen(client: Client, repository: string, specimen: Specimen): Promise<void> {
  const { layer, config, manifest, tag } = specimen
  for (const content of [layer, config]) {
    const head = expectStatus(await client.send('HEAD', `/v2/${repository}/blobs/${content.digest}`), 200, 404)
    if (head.status === 200) continue
    const from = repositories.find((other) => other !== repository)
    const mount = `/v2/${repository}/blobs/uploads/?mount=${content.digest}&from=${from}`
    const begun = expectStatus(await client.send('POST', mount), 201, 202)
    if (begun.status === 201) continue
    const closing = closingPath(begun.headers.get('location') ?? '', content)
    expectStatus(await client.send('PUT', closing, { body: bytesOf(content) }), 201)
  }
  const head = expectStatus(await client.send('HEAD', `/v2/${repository}/manifests/${tag}`), 200, 404)
  if (head.status === 200) return
  const headers = { 'content-type': manifest.mediaType }
  expectStatus(await client.send('PUT', `/v2/${repository}/manifests/${tag}`, { body: manifest.bytes, headers }), 201)
}

function pathOf(repository: string, specimen: Specimen, kind: StoredClass): string {
  return `/v2/${repository}/${kind === 'manifest' ? 'manifests' : 'blobs'}/${digestOf(specimen, kind)}`
}

/** Reads something whole. Fails with Violation when it is complete and wrong. */
export async function read(client: Client, repository: string, specimen: Specimen, kind: StoredClass): Promise<'right' | 'refused'> {
  const digest = digestOf(specimen, kind)
  try {
    const answer = expectStatus(await client.send('GET', pathOf(repository, specimen, kind)), 200, 404)
    if (answer.status === 404) return 'refused'
    const actual = digestBytes(answer.bytes, 'sha256')
    if (actual === digest) return 'right'
    throw new Violation(`${answer.request} gave ${answer.bytes.length} bytes with the digest ${actual}, not ${digest}`)
  } catch (error) {
    // Cut off before its end: no client takes that for complete.
    if (error instanceof Lost) return 'refused'
    throw error
  }
}

export async function isThere(client: Client, repository: string, specimen: Specimen, kind: StoredClass): Promise<boolean> {
  return expectStatus(await client.send('HEAD', pathOf(repository, specimen, kind)), 200, 404).status === 200
}
