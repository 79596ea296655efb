import { expect } from 'bun:test'
import { berth, must, NotSupported, type Group } from '../checks/check.ts'
import { deleteBlob, expectBlob } from './blob-life.ts'
import { jsonOf, textOf, type Client } from './client.ts'
import { freshBytes, types } from './content.ts'
import { createBuilder } from './data-sets.ts'
import { expectError, expectRefused } from './expect-error.ts'

const accept = { accept: `${types.manifest}, ${types.index}` }

const statusOf = async (client: Client, method: string, path: string) => (await client.send(method, path)).status

/** A registry may keep everything, or delete by digest only. */
async function expectDeleted(client: Client, path: string): Promise<void> {
  const status = await statusOf(client, 'DELETE', path)
  if ((status === 405 || status === 400) && !client.holdsTo('berth')) throw new NotSupported(`DELETE is answered with ${status}`)
  expect(status).toBe(202)
}

/** Pushes an image under the tags `a`, `b` and `c`. */
async function pushImage(client: Client) {
  const repository = client.repository()
  const builder = createBuilder()
  const { digest } = builder.image()
  const text = builder.set.manifests[0]?.text ?? ''
  const blobs: string[] = []
  for (const blob of builder.set.blobs) blobs.push(await client.pushBlob(repository, blob))
  for (const tag of ['a', 'b', 'c']) await client.putManifest(repository, tag, text, types.manifest)
  const at = (reference: string) => `/v2/${repository}/manifests/${reference}`
  const tags = async () => {
    const answer = await client.send('GET', `/v2/${repository}/tags/list`)
    return answer.status === 404 && !client.holdsTo('berth') ? [] : (jsonOf(answer) as { tags: string[] | null }).tags
  }
  return { repository, digest, text, blobs, at, tags }
}

const asked = [
  must('tag', 'a deleted tag is gone at once and leaves its manifest and the other tags', [
    'v1/management/delete-tag', 'v1/management/tags-after',
  ], async (client) => {
    const { digest, at, tags } = await pushImage(client)
    await expectDeleted(client, at('b'))
    expect(await tags()).toEqual(['a', 'c'])
    expect(await statusOf(client, 'GET', at('b'))).toBe(404)
    for (const left of ['a', 'c', digest]) expect((await client.send('GET', at(left), { headers: accept })).status).toBe(200)
    expectRefused(client, await client.send('DELETE', at('b')), 404, 'MANIFEST_UNKNOWN')
  }),
  must('manifest', 'a deleted manifest is gone at once with all of its tags', [
    'v1/management/delete-manifest', 'v1/management/get-deleted-manifest',
  ], async (client) => {
    const { repository, digest, text, blobs, at, tags } = await pushImage(client)
    await expectDeleted(client, at(digest))
    expect(await tags() ?? []).toEqual([])
    for (const reference of ['a', 'c', digest]) {
      for (const method of client.holdsTo('berth') ? ['GET', 'DELETE'] : ['GET']) {
        expectRefused(client, await client.send(method, at(reference)), 404, 'MANIFEST_UNKNOWN')
      }
    }
    // Its blobs stay until they are deleted or collected, so that it can be pushed again at once.
    if (!client.holdsTo('berth')) return
    for (const blob of blobs) expect(await statusOf(client, 'HEAD', `/v2/${repository}/blobs/${blob}`)).toBe(200)
    await client.putManifest(repository, 'again', text, types.manifest)
    expect(textOf(await client.send('GET', at('again'), { headers: { accept: types.manifest } }))).toBe(text)
  }),
  must('blob', 'a deleted blob is gone at once here, and stays in another repository', [
    'v1/management/delete-blobs', 'v1/management/get-deleted-blob',
  ], async (client) => {
    for (const size of [100, 80_000]) {
      const [repository, other, bytes] = [client.repository(), client.repository(), freshBytes(size)]
      const digest = await client.pushBlob(repository, bytes)
      await client.pushBlob(other, bytes)
      if (!(await deleteBlob(client, repository, digest))) throw new NotSupported('405')
      expectRefused(client, await client.send('DELETE', `/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      await expectBlob(client, other, bytes, digest)
    }
  }),
  berth('index', 'a deleted index leaves its images', [], async (client) => {
    const [repository, builder] = [client.repository(), createBuilder()]
    const image = builder.image()
    const index = builder.manifest({ manifests: [image] }, types.index)
    for (const blob of builder.set.blobs) await client.pushBlob(repository, blob)
    for (const { digest, text, mediaType } of builder.set.manifests) await client.putManifest(repository, digest, text, mediaType)
    await expectDeleted(client, `/v2/${repository}/manifests/${index.digest}`)
    expect((await client.send('GET', `/v2/${repository}/manifests/${image.digest}`, { headers: accept })).status).toBe(200)
  }),
]

const own = [
  berth('in-one-repository', 'a manifest deleted in one repository stays in another', [], async (client) => {
    const [repository, other] = [client.repository(), client.repository()]
    const builder = createBuilder()
    builder.manifest({ manifests: [], annotations: { salt: crypto.randomUUID() } }, types.index)
    const text = builder.set.manifests[0]?.text ?? ''
    for (const name of [repository, other]) await client.putManifest(name, 'one', text, types.index)
    expect(await statusOf(client, 'DELETE', `/v2/${repository}/manifests/one`)).toBe(202)
    expect(textOf(await client.send('GET', `/v2/${other}/manifests/one`))).toBe(text)
  }),
  berth('at-once', 'of many deletes at once one succeeds', [], async (client) => {
    const { digest, at } = await pushImage(client)
    for (const reference of ['a', digest]) {
      const statuses = await Promise.all(Array.from({ length: 5 }, () => statusOf(client, 'DELETE', at(reference))))
      expect(statuses.filter((one) => one === 202).length).toBe(1)
      expect(statuses.filter((one) => one === 404).length).toBe(4)
    }
  }),
  berth('nothing', 'a delete in a repository that is not there', [], async (client) => {
    const repository = client.repository()
    expectError(await client.send('DELETE', `/v2/${repository}/manifests/none`), 404, 'NAME_UNKNOWN')
    expectError(await client.send('DELETE', `/v2/${repository}/blobs/sha256:${'0'.repeat(64)}`), 404, 'NAME_UNKNOWN')
  }),
]

export const deletes: Group = {
  id: 'deletes',
  name: { en: 'Deletes', 'zh-CN': '删除' },
  section: 'distribution-spec: Content management',
  checks: [...asked, ...own],
}
