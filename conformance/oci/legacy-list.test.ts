import { expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient, textOf } from './client.ts'
import { freshRepository, types } from './content.ts'
import { createBuilder, type Descriptor } from './data-sets.ts'

setDefaultTimeout(30_000)

forEachRegistry('a Docker manifest list', (url) => {
  const client = () => createClient(url())
  const get = (repository: string, reference: string, accept?: string, method = 'GET') =>
    client().send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept === undefined ? {} : { accept } })

  /** Spaces and a final line break, as nobody who wrote it anew would have them. */
  const spaced = (document: object): string => `${JSON.stringify(document, null, 3)}\n`

  const push = async (architectures: readonly string[], listType: string = types.dockerList) => {
    const repository = freshRepository()
    const images: { text: string; descriptor: Descriptor }[] = []
    for (const architecture of architectures) {
      const builder = createBuilder()
      const [config, layer] = [builder.config(), builder.layer(types.dockerLayer)]
      for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
      const text = spaced({ schemaVersion: 2, mediaType: types.dockerManifest, config: { ...config, mediaType: types.dockerConfig }, layers: [layer] })
      const digest = await client().putManifest(repository, digestOf(text), text, types.dockerManifest)
      images.push({ text, descriptor: { mediaType: types.dockerManifest, digest, size: text.length, platform: { architecture, os: 'linux' } } })
    }
    const list = spaced({ schemaVersion: 2, mediaType: listType, manifests: images.map(({ descriptor }) => descriptor) })
    await client().putManifest(repository, 'v1', list, listType)
    return { repository, list, images }
  }

  test('and its images are kept to the byte', async () => {
    const { repository, list, images } = await push(['arm64', 'amd64'])
    for (const reference of ['v1', digestOf(list)]) expect(textOf(await get(repository, reference))).toBe(list)
    for (const { text, descriptor } of images) {
      const answer = await get(repository, descriptor.digest, types.dockerManifest)
      expect([textOf(answer), answer.headers.get('content-type')]).toEqual([text, types.dockerManifest])
    }
  })

  test('is its linux/amd64 image to a client that reads no lists, by tag alone', async () => {
    const { repository, list, images } = await push(['arm64', 'amd64'])
    const image = images[1]
    for (const accept of [types.dockerManifest, `${types.schema1}, ${types.dockerManifest}`]) {
      const answer = await get(repository, 'v1', accept)
      expect([answer.status, textOf(answer), answer.headers.get('content-type')]).toEqual([200, image?.text ?? '', types.dockerManifest])
      expect(answer.headers.get('docker-content-digest')).toBe(image?.descriptor.digest ?? '')
      expect(answer.headers.get('vary')?.toLowerCase()).toBe('accept')
      const head = await get(repository, 'v1', accept, 'HEAD')
      expect([head.headers.get('docker-content-digest'), head.headers.get('content-length')]).toEqual([image?.descriptor.digest ?? '', String(image?.text.length)])
    }
    expect(textOf(await get(repository, digestOf(list), types.dockerManifest))).toBe(list)
    const others = [undefined, '*/*', types.dockerList, `${types.dockerManifest}, ${types.index}`, `${types.dockerManifest}, */*;q=0.1`, types.manifest]
    for (const accept of others) expect(textOf(await get(repository, 'v1', accept))).toBe(list)
  })

  test('without such an image, and an OCI index, are what they are', async () => {
    for (const { repository, list } of [await push(['arm64']), await push([]), await push(['amd64'], types.index)]) {
      expect(textOf(await get(repository, 'v1', types.dockerManifest))).toBe(list)
    }
  })
})
