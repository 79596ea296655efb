import { readFileSync, writeFileSync } from 'node:fs'
import { type Content, manifestType } from '../load/index.ts'

/** For registries that keep an OCI image layout for each repository: its tags are lines of index.json. */
export function layIndexTags(folder: string, repository: string, manifest: Content, tags: readonly string[]): void {
  const path = `${folder}/data/${repository}/index.json`
  const index = JSON.parse(readFileSync(path, 'utf8')) as { manifests: object[] }
  for (const tag of tags) {
    const annotations = { 'org.opencontainers.image.ref.name': tag }
    index.manifests.push({ mediaType: manifestType, digest: manifest.digest, size: manifest.bytes.byteLength, annotations })
  }
  writeFileSync(path, JSON.stringify(index))
}
