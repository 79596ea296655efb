import { isDigest, type Digest } from './digest.ts'
import { mediaTypes } from './media-types.ts'
import { isJsonObject } from './strict-json.ts'

/**
 * Whether a client with this `Accept` reads Docker's image manifests and no list of them, as docker did before 17.06 and scripts
 * still ask for. A wildcard, and no header at all, mean that it takes what there is.
 */
export function readsNoLists(accept: string | null): boolean {
  if (accept?.includes(mediaTypes.dockerManifest) !== true) return false
  const types = accept.split(',').map((item) => item.split(';', 1)[0]?.trim() ?? '')
  const lists: readonly string[] = [mediaTypes.dockerList, mediaTypes.ociIndex, '*/*', 'application/*']
  return types.includes(mediaTypes.dockerManifest) && !types.some((type) => lists.includes(type))
}

/** Of a stored Docker manifest list: its image for linux/amd64, the one that such clients run. Absent when it has none. */
export function linuxAmd64Image(list: Uint8Array): Digest | undefined {
  const document: unknown = JSON.parse(new TextDecoder().decode(list))
  const children: unknown = isJsonObject(document) ? document.manifests : undefined
  if (!Array.isArray(children)) return undefined
  return children.map(linuxAmd64Digest).find((digest) => digest !== undefined)
}

function linuxAmd64Digest(child: unknown): Digest | undefined {
  if (!isJsonObject(child) || child.mediaType !== mediaTypes.dockerManifest || !isJsonObject(child.platform)) return undefined
  const { digest, platform } = child
  if (platform.os !== 'linux' || platform.architecture !== 'amd64' || typeof digest !== 'string') return undefined
  return isDigest(digest) ? digest : undefined
}
