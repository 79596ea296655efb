import { createClient, type Target } from '../oci/client.ts'
import { freshBytes, types } from '../oci/content.ts'
import { tarOf } from './tar.ts'

/** Pushes a new image of one layer over HTTP alone, for tests of what is done to images, and returns its digest. */
export async function pushImage(target: string | Target, repository: string, tag: string): Promise<string> {
  const client = createClient(target)
  const add = async (mediaType: string, content: Uint8Array<ArrayBuffer> | string) => {
    const size = typeof content === 'string' ? content.length : content.byteLength
    return { mediaType, digest: await client.pushBlob(repository, content), size }
  }
  const layer = await add(types.layer, tarOf('file', freshBytes(1_000)))
  const rootfs = { type: 'layers', diff_ids: [layer.digest] }
  const config = await add(types.config, JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }))
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] })
  return client.putManifest(repository, tag, manifest, types.manifest)
}
