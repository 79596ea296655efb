import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachRegistry } from '../for-each-server.ts'
import { deleteBlob, expectBlob } from './blob-life.ts'
import { createClient, jsonOf, textOf } from './client.ts'
import { freshBytes, freshRepository, types } from './content.ts'
import { createBuilder } from './data-sets.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

forEachRegistry('deletes', (url) => {
  const client = () => createClient(url())
  const status = async (method: string, path: string) => (await client().send(method, path)).status

  /** Pushes an image under the tags `a`, `b` and `c`. */
  const pushImage = async (repository: string) => {
    const builder = createBuilder()
    const { digest } = builder.image()
    const text = builder.set.manifests[0]?.text ?? ''
    const blobs: string[] = []
    for (const blob of builder.set.blobs) blobs.push(await client().pushBlob(repository, blob))
    for (const tag of ['a', 'b', 'c']) await client().putManifest(repository, tag, text, types.manifest)
    return { digest, text, blobs, at: (reference: string) => `/v2/${repository}/manifests/${reference}` }
  }
  const tags = async (repository: string) => {
    const answer = await client().send('GET', `/v2/${repository}/tags/list`)
    return (jsonOf(answer) as { tags: string[] }).tags
  }

  test('a tag goes alone, a manifest with all of its tags', async () => {
    const repository = freshRepository()
    const { digest, text, blobs, at } = await pushImage(repository)
    expect(await status('DELETE', at('b'))).toBe(202)
    expect(await tags(repository)).toEqual(['a', 'c'])
    expectError(await client().send('DELETE', at('b')), 404, 'MANIFEST_UNKNOWN')
    expect(await status('DELETE', at(digest))).toBe(202)
    expect(await tags(repository)).toEqual([])
    for (const reference of ['a', 'c', digest]) {
      for (const method of ['GET', 'DELETE']) expectError(await client().send(method, at(reference)), 404, 'MANIFEST_UNKNOWN')
    }
    // Its blobs stay until they are deleted or collected, so that it can be pushed again at once.
    for (const blob of blobs) expect(await status('HEAD', `/v2/${repository}/blobs/${blob}`)).toBe(200)
    expect(await client().putManifest(repository, 'again', text, types.manifest)).toBe(digest)
    expect(textOf(await client().send('GET', at('again')))).toBe(text)
  })

  test('in one repository, not in another with the same content', async () => {
    const [repository, other, content] = [freshRepository(), freshRepository(), freshBytes(80_000)]
    for (const size of [100, 80_000]) {
      const bytes = content.slice(0, size)
      const digest = await client().pushBlob(repository, bytes)
      await client().pushBlob(other, bytes)
      await deleteBlob(client(), repository, digest)
      expectError(await client().send('DELETE', `/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      await expectBlob(client(), other, bytes, digest)
    }
  })

  test('a manifest in one repository leaves the same in another', async () => {
    const [repository, other] = [freshRepository(), freshRepository()]
    const builder = createBuilder()
    builder.manifest({ manifests: [], annotations: { salt: crypto.randomUUID() } }, types.index)
    const text = builder.set.manifests[0]?.text ?? ''
    for (const name of [repository, other]) await client().putManifest(name, 'one', text, types.index)
    expect(await status('DELETE', `/v2/${repository}/manifests/one`)).toBe(202)
    expect(textOf(await client().send('GET', `/v2/${other}/manifests/one`))).toBe(text)
  })

  test('of an index leaves its images', async () => {
    const [repository, builder] = [freshRepository(), createBuilder()]
    const image = builder.image()
    const index = builder.manifest({ manifests: [image] }, types.index)
    for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
    for (const { digest, text, mediaType } of builder.set.manifests) {
      await client().putManifest(repository, digest, text, mediaType)
    }
    expect(await status('DELETE', `/v2/${repository}/manifests/${index.digest}`)).toBe(202)
    expect(await status('GET', `/v2/${repository}/manifests/${image.digest}`)).toBe(200)
  })

  test('many at once succeed once', async () => {
    const repository = freshRepository()
    const { digest, at } = await pushImage(repository)
    for (const reference of ['a', digest]) {
      const statuses = await Promise.all(Array.from({ length: 5 }, () => status('DELETE', at(reference))))
      expect(statuses.filter((one) => one === 202).length).toBe(1)
      expect(statuses.filter((one) => one === 404).length).toBe(4)
    }
  })

  test('a delete of nothing', async () => {
    const repository = freshRepository()
    expectError(await client().send('DELETE', `/v2/${repository}/manifests/none`), 404, 'NAME_UNKNOWN')
    expectError(await client().send('DELETE', `/v2/${repository}/blobs/sha256:${'0'.repeat(64)}`), 404, 'NAME_UNKNOWN')
  })
})
