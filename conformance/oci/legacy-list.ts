import { expect } from 'bun:test'
import { berth, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { textOf, type Client } from './client.ts'
import { types } from './content.ts'
import { createBuilder, type Descriptor } from './data-sets.ts'

const get = (client: Client, repository: string, reference: string, accept?: string, method = 'GET') =>
  client.send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept === undefined ? {} : { accept } })

/** Spaces and a final line break, as nobody who wrote it anew would have them. */
const spaced = (document: object): string => `${JSON.stringify(document, null, 3)}\n`

const push = async (client: Client, architectures: readonly string[], listType: string = types.dockerList) => {
  const repository = client.repository()
  const images: { text: string; descriptor: Descriptor }[] = []
  for (const architecture of architectures) {
    const builder = createBuilder()
    const [config, layer] = [builder.config(), builder.layer(types.dockerLayer)]
    for (const blob of builder.set.blobs) await client.pushBlob(repository, blob)
    const text = spaced({ schemaVersion: 2, mediaType: types.dockerManifest, config: { ...config, mediaType: types.dockerConfig }, layers: [layer] })
    const digest = await client.putManifest(repository, digestOf(text), text, types.dockerManifest)
    images.push({ text, descriptor: { mediaType: types.dockerManifest, digest, size: text.length, platform: { architecture, os: 'linux' } } })
  }
  const list = spaced({ schemaVersion: 2, mediaType: listType, manifests: images.map(({ descriptor }) => descriptor) })
  await client.putManifest(repository, 'v1', list, listType)
  return { repository, list, images }
}

const checks = [
  berth('bytes', 'a Docker manifest list and its images are kept to the byte', [], async (client) => {
    const { repository, list, images } = await push(client, ['arm64', 'amd64'])
    for (const reference of ['v1', digestOf(list)]) expect(textOf(await get(client, repository, reference))).toBe(list)
    for (const { text, descriptor } of images) {
      const answer = await get(client, repository, descriptor.digest, types.dockerManifest)
      expect([textOf(answer), answer.headers.get('content-type')]).toEqual([text, types.dockerManifest])
    }
  }),

  berth('rewritten', 'a Docker manifest list is its linux/amd64 image to a client that reads no lists, by tag alone', [], async (client) => {
    const { repository, list, images } = await push(client, ['arm64', 'amd64'])
    const image = images[1]
    for (const accept of [types.dockerManifest, `${types.schema1}, ${types.dockerManifest}`]) {
      const answer = await get(client, repository, 'v1', accept)
      expect([answer.status, textOf(answer), answer.headers.get('content-type')]).toEqual([200, image?.text ?? '', types.dockerManifest])
      expect(answer.headers.get('docker-content-digest')).toBe(image?.descriptor.digest ?? '')
      expect(answer.headers.get('vary')?.toLowerCase()).toBe('accept')
      const head = await get(client, repository, 'v1', accept, 'HEAD')
      expect([head.headers.get('docker-content-digest'), head.headers.get('content-length')]).toEqual([image?.descriptor.digest ?? '', String(image?.text.length)])
    }
    expect(textOf(await get(client, repository, digestOf(list), types.dockerManifest))).toBe(list)
    const others = [undefined, '*/*', types.dockerList, `${types.dockerManifest}, ${types.index}`, `${types.dockerManifest}, */*;q=0.1`, types.manifest]
    for (const accept of others) expect(textOf(await get(client, repository, 'v1', accept))).toBe(list)
  }),

  berth('as-it-is', 'a Docker manifest list without such an image, and an OCI index, are what they are', [], async (client) => {
    for (const { repository, list } of [await push(client, ['arm64']), await push(client, []), await push(client, ['amd64'], types.index)]) {
      expect(textOf(await get(client, repository, 'v1', types.dockerManifest))).toBe(list)
    }
  }),
]

export const legacyList: Group = {
  id: 'legacy-list',
  name: { en: 'Docker manifest lists', 'zh-CN': 'Docker 清单列表' },
  section: 'Docker: Image Manifest Version 2, Schema 2',
  checks,
}
