import { expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { deleteBlob, expectBlob, expectCreated, expectNoBlob } from './blob-life.ts'
import { createClient, locationOf, withQuery, type Answer } from './client.ts'
import { freshBytes, freshRepository } from './content.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

forEachRegistry('mounts', (url) => {
  const client = () => createClient(url())
  const mount = (repository: string, parameters: Record<string, string>, body?: Uint8Array<ArrayBuffer>) =>
    client().send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, parameters), { body })

  /** Expects an upload instead of a mount, that takes the blob. */
  const expectSession = async (repository: string, answer: Answer, content: Uint8Array<ArrayBuffer>): Promise<void> => {
    expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0'])
    expect(locationOf(answer)).toStartWith(`/v2/${repository}/blobs/uploads/`)
    const put = withQuery(locationOf(answer), { digest: digestOf(content) })
    await expectCreated(client(), repository, await client().send('PUT', put, { body: content }), content, digestOf(content))
  }

  test.each([512, 100_000])('a blob of %d bytes from the repository that has it', async (size) => {
    const [from, to, content] = [freshRepository(), freshRepository(), freshBytes(size)]
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = await client().pushBlob(from, content, algorithm)
      await expectCreated(client(), to, await mount(to, { mount: digest, from }), content, digest)
      // crane names the origin too.
      await expectCreated(client(), to, await mount(to, { mount: digest, from, origin: 'elsewhere' }), content, digest)
      await deleteBlob(client(), from, digest)
      await expectBlob(client(), to, content, digest)
    }
  })

  test('without from: a blob that is somewhere, and one that is nowhere', async () => {
    const [to, content, other] = [freshRepository(), freshBytes(600), freshBytes(600)]
    const digest = await client().pushBlob(freshRepository(), content)
    await expectCreated(client(), to, await mount(to, { mount: digest }), content, digest)
    await expectSession(to, await mount(to, { mount: digestOf(other) }), other)
  })

  test('what cannot be mounted becomes an upload, never an error', async () => {
    const [from, content] = [freshRepository(), freshBytes(600)]
    await client().pushBlob(from, 'something else')
    const digest = digestOf(content)
    const misses = [
      { mount: digest, from },
      { mount: digest, from: freshRepository() },
      { mount: digest, from: 'Not A Name' },
      { mount: digest, from: '' },
      { mount: digest, from: '../..' },
      { mount: digest, from: 'x'.repeat(300) },
      { mount: 'sha256:short', from },
      { mount: `md5:${'0'.repeat(32)}`, from },
      { mount: '', from },
    ]
    for (const parameters of misses) {
      const to = freshRepository()
      const answer = await mount(to, parameters)
      await expectNoBlob(client(), to, digest)
      await expectSession(to, answer, content)
    }
    const raw = await client().send('POST', `/v2/${from}/blobs/uploads/?mount=%zz&from=%zz`)
    await expectSession(from, raw, content)
  })

  test('a deleted blob can no longer be mounted', async () => {
    const [from, to, content] = [freshRepository(), freshRepository(), freshBytes(600)]
    const digest = await client().pushBlob(from, content)
    await deleteBlob(client(), from, digest)
    await expectSession(to, await mount(to, { mount: digest, from }), content)
  })

  test('a missed mount with a digest and a body is a push in one request', async () => {
    const [to, content] = [freshRepository(), freshBytes(600)]
    const digest = digestOf(content)
    const answer = await mount(to, { mount: digest, from: freshRepository(), digest }, content)
    await expectCreated(client(), to, answer, content, digest)
    const wrong = digestOf('wrong')
    expectError(await mount(to, { mount: wrong, from: freshRepository(), digest: wrong }, content), 400, 'DIGEST_INVALID')
  })

  test('onto itself', async () => {
    const [repository, content] = [freshRepository(), freshBytes(600)]
    const digest = await client().pushBlob(repository, content)
    await expectCreated(client(), repository, await mount(repository, { mount: digest, from: repository }), content, digest)
  })
})
