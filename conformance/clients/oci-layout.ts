import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf } from '../digest.ts'
import { tarOf } from './tar.ts'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly os: string; readonly architecture: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** An image layout under construction (image-spec, image-layout.md). */
export interface Layout {
  readonly path: string
  /** Adds an image whose layers hold `layerSize` random bytes each. */
  addImage(layers: number, layerSize: number, architecture?: string): Descriptor
  addIndex(manifests: readonly Descriptor[]): Descriptor
  /** Names a manifest, so that clients find it. */
  tag(manifest: Descriptor, name: string): void
}

const prefix = 'application/vnd.oci.image'

/** Makes an empty layout in a new folder. */
export function createLayout(path: string): Layout {
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true })
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const named: Descriptor[] = []

  function add(mediaType: string, content: Uint8Array | string): Descriptor {
    const bytes = Buffer.from(content)
    const digest = digestOf(bytes)
    writeFileSync(join(path, 'blobs/sha256', digest.slice('sha256:'.length)), bytes)
    return { mediaType, digest, size: bytes.length }
  }

  function addImage(layers: number, layerSize: number, architecture = 'amd64'): Descriptor {
    const platform = { os: 'linux', architecture }
    const archives = Array.from({ length: layers }, (_, layer) => tarOf(`file-${layer}`, randomBytes(layerSize)))
    const rootfs = { type: 'layers', diff_ids: archives.map((archive) => digestOf(archive)) }
    const history = archives.map((_, layer) => ({ created_by: `layer ${layer}` }))
    const config = add(`${prefix}.config.v1+json`, JSON.stringify({ ...platform, config: {}, rootfs, history }))
    const blobs = archives.map((archive) => add(`${prefix}.layer.v1.tar+gzip`, gzipSync(archive, { level: 1 })))
    const mediaType = `${prefix}.manifest.v1+json`
    return { ...add(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, config, layers: blobs })), platform }
  }

  function addIndex(manifests: readonly Descriptor[]): Descriptor {
    const mediaType = `${prefix}.index.v1+json`
    return add(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
  }

  function tag(manifest: Descriptor, name: string): void {
    named.push({ ...manifest, annotations: { 'org.opencontainers.image.ref.name': name } })
    writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: named }))
  }

  return Object.freeze({ path, addImage, addIndex, tag })
}

/**
 * The names of all blobs of a layout, sorted.
 * @throws Error when one of them does not have the digest it is named after
 */
export function blobsOf(layout: string): string[] {
  const folder = join(layout, 'blobs/sha256')
  const names = readdirSync(folder).sort()
  const wrong = names.filter((name) => digestOf(readFileSync(join(folder, name))) !== `sha256:${name}`)
  if (wrong.length > 0) throw new Error(`not what they are named after: ${wrong.join(', ')}`)
  return names
}
