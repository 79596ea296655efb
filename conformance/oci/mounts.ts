import { expect } from 'bun:test'
import { berth, clients, must, NotSupported, type Group } from '../checks/check.ts'
import { digestOf, type Algorithm } from '../digest.ts'
import { deleteBlob, expectBlob, expectCreated, expectNoBlob } from './blob-life.ts'
import type { Answer } from './answer.ts'
import { locationOf, withQuery, type Client } from './client.ts'
import { freshBytes } from './content.ts'
import { expectError } from './expect-error.ts'

type Bytes = Uint8Array<ArrayBuffer>

function mount(client: Client, repository: string, parameters: Record<string, string>, body?: Bytes): Promise<Answer> {
  return client.send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, parameters), { body })
}

/** Expects an upload instead of a mount, that takes the blob. */
async function expectSession(client: Client, repository: string, answer: Answer, content: Bytes, digest = digestOf(content)) {
  expect(answer.status).toBe(202)
  if (client.holdsTo('clients')) {
    expect(new URL(locationOf(answer), client.url).pathname).toStartWith(`/v2/${repository}/blobs/uploads/`)
  }
  if (client.holdsTo('berth')) expect(answer.headers.get('range')).toBe('0-0')
  const put = withQuery(locationOf(answer), { digest })
  await expectCreated(client, repository, await client.send('PUT', put, { body: content }), content, digest)
}

/** A registry may answer every mount with an upload. */
async function expectMounted(
  client: Client,
  repository: string,
  answer: Answer,
  { content, digest, always = client.holdsTo('berth') }: { readonly content: Bytes; readonly digest: string; readonly always?: boolean },
): Promise<void> {
  if (answer.status === 202 && !always) {
    await expectSession(client, repository, answer, content, digest)
    throw new NotSupported('202: an upload was begun instead')
  }
  await expectCreated(client, repository, answer, content, digest)
  if (client.holdsTo('clients')) {
    expect(new URL(locationOf(answer), client.url).pathname).toBe(`/v2/${repository}/blobs/${digest}`)
  }
}

const official = (['sha256', 'sha512'] satisfies Algorithm[]).flatMap((algorithm) => [
  must(
    `known-${algorithm}`,
    `a blob with a ${algorithm} digest is mounted from the repository that has it, and stays when it is deleted there`,
    [`v2/${algorithm}/mount`, 'v1/push/mount', 'v1/push/mount-location'],
    async (client) => {
      for (const size of [512, 100_000]) {
        const [from, to, content] = [client.repository(), client.repository(), freshBytes(size)]
        const digest = await client.pushBlob(from, content, algorithm)
        await expectMounted(client, to, await mount(client, to, { mount: digest, from }), { content, digest })
        if (await deleteBlob(client, from, digest)) await expectBlob(client, to, content, digest)
      }
    },
  ),
  must(
    `anonymous-${algorithm}`,
    `a blob with a ${algorithm} digest that is somewhere is mounted without from`,
    [`v2/${algorithm}/mount-anonymous`, 'v1/push/mount-without-from'],
    async (client) => {
      const [to, content] = [client.repository(), freshBytes(600)]
      const digest = await client.pushBlob(client.repository(), content, algorithm)
      // A token names the repositories that may be read for it, and this mount names none.
      const always = client.holdsTo('berth') && !client.login
      await expectMounted(client, to, await mount(client, to, { mount: digest }), { content, digest, always })
    },
  ),
  must(
    `missing-${algorithm}`,
    `a mount of a ${algorithm} digest that is nowhere becomes an upload that takes the blob`,
    [`v2/${algorithm}/mount-missing`, 'v1/push/mount-missing'],
    async (client) => {
      const [to, content] = [client.repository(), freshBytes(600)]
      const digest = digestOf(content, algorithm)
      await expectSession(client, to, await mount(client, to, { mount: digest }), content, digest)
      const [from, again] = [client.repository(), client.repository()]
      await expectSession(client, again, await mount(client, again, { mount: digestOf('nowhere'), from }), content, digest)
    },
  ),
])

const misses: Record<string, (digest: string, from: string) => Record<string, string>> = {
  'a repository that does not have it': (digest, from) => ({ mount: digest, from }),
  'a repository that is not there': (digest, from) => ({ mount: digest, from: `${from}/none` }),
  'no name of a repository': (digest) => ({ mount: digest, from: 'Not A Name' }),
  'an empty name': (digest) => ({ mount: digest, from: '' }),
  'a name that climbs': (digest) => ({ mount: digest, from: '../..' }),
  'a name that is too long': (digest) => ({ mount: digest, from: 'x'.repeat(300) }),
}
const noDigests: typeof misses = {
  'half a digest': (_, from) => ({ mount: 'sha256:short', from }),
  'a digest of an algorithm nobody knows': (_, from) => ({ mount: `md5:${'0'.repeat(32)}`, from }),
  'an empty digest': (_, from) => ({ mount: '', from }),
}
const expectMiss = async (client: Client, parameters: (typeof misses)[string]): Promise<void> => {
  const [from, to, content] = [client.repository(), client.repository(), freshBytes(600)]
  await client.pushBlob(from, 'something else')
  const answer = await mount(client, to, parameters(digestOf(content), from))
  await expectNoBlob(client, to, digestOf(content))
  await expectSession(client, to, answer, content)
}
const idOf = (name: string): string => name.replaceAll(' ', '-')

export const mounts: Group = {
  id: 'mounts',
  name: { en: 'Mounts', 'zh-CN': '挂载' },
  section: 'distribution-spec: Mounting a blob from another repository',
  checks: [
    ...official,
    ...Object.entries(misses).map(([name, parameters]) =>
      clients(`from-${idOf(name)}`, `a mount from ${name} becomes an upload, not an error`, [
        'quirks/mount-never-fails',
      ], (client) =>
        expectMiss(client, parameters),
      ),
    ),
    ...Object.entries(noDigests).map(([name, parameters]) =>
      berth(`of-${idOf(name)}`, `a mount of ${name} becomes an upload`, [], (client) => expectMiss(client, parameters)),
    ),
    clients('origin', 'parameters nobody knows, as the origin that crane sends, change nothing', [
      'quirks/unknown-parameters',
    ], async (client) => {
      const [from, to, content] = [client.repository(), client.repository(), freshBytes(600)]
      const digest = await client.pushBlob(from, content)
      await expectMounted(client, to, await mount(client, to, { mount: digest, from, origin: 'elsewhere' }), { content, digest })
    }),
    berth('broken-escapes', 'percent-escapes that are none make no error either', [], async (client) => {
      const [from, content] = [client.repository(), freshBytes(600)]
      const raw = await client.send('POST', `/v2/${from}/blobs/uploads/?mount=%zz&from=%zz`)
      await expectSession(client, from, raw, content)
    }),
    berth('deleted', 'a deleted blob can no longer be mounted from there', [], async (client) => {
      const [from, to, content] = [client.repository(), client.repository(), freshBytes(600)]
      const digest = await client.pushBlob(from, content)
      await deleteBlob(client, from, digest)
      await expectSession(client, to, await mount(client, to, { mount: digest, from }), content)
    }),
    berth('and-push', 'a missed mount with a digest and a body is a push in one request', [], async (client) => {
      const [to, content] = [client.repository(), freshBytes(600)]
      const digest = digestOf(content)
      const answer = await mount(client, to, { mount: digest, from: client.repository(), digest }, content)
      await expectCreated(client, to, answer, content, digest)
      const wrong = digestOf('wrong')
      const refused = await mount(client, to, { mount: wrong, from: client.repository(), digest: wrong }, content)
      expectError(refused, 400, 'DIGEST_INVALID')
    }),
    berth('onto-itself', 'a blob can be mounted onto the repository that has it', [], async (client) => {
      const [repository, content] = [client.repository(), freshBytes(600)]
      const digest = await client.pushBlob(repository, content)
      const answer = await mount(client, repository, { mount: digest, from: repository })
      await expectMounted(client, repository, answer, { content, digest })
    }),
  ],
}
