import { expect } from 'bun:test'
import { berth, clients, must, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { badManifests } from './bad-manifests.ts'
import { expectDigest } from './blob-life.ts'
import { jsonOf, streamOf, textOf } from './client.ts'
import { types } from './content.ts'
import { expectError, expectRefused } from './expect-error.ts'
import { manifestConditions } from './manifest-conditions.ts'
import { expectNothing, put, pushedImage } from './manifest-put.ts'

const accept = { accept: types.manifest }
const refused404 = ['latest', digestOf('nothing'), '.INVALID_MANIFEST_NAME']

const pulls = [
  must('missing', 'what is not there is 404, by tag, by digest, and by what is neither', [
    'v2/missing-manifest/by-digest', 'v2/missing-manifest/by-tag', 'v1/pull/head-manifest-missing',
    'v1/pull/get-manifest-missing',
    'v1/push/manifest-missing', 'quirks/missing-manifest-code',
  ], async (client) => {
    const repository = client.repository()
    for (const reference of refused404) {
      const path = `/v2/${repository}/manifests/${reference}`
      for (const method of ['HEAD', 'GET']) expect((await client.send(method, path)).status).toBe(404)
    }
    await put(client, repository, 'known', await pushedImage(client, repository), types.manifest)
    for (const reference of refused404) {
      expectRefused(client, await client.send('GET', `/v2/${repository}/manifests/${reference}`), 404, 'MANIFEST_UNKNOWN')
    }
  }),
  must('no-digest-get', 'a pull by what is no digest is 400 or 404', [
    'v2/invalid-digest/get', 'v1/pull/error-codes',
  ], async (client) => {
    const repository = client.repository()
    await pushedImage(client, repository)
    for (const digest of ['sha256:totallywrong', 'sha256:baddigeststring']) {
      const answer = await client.send('GET', `/v2/${repository}/manifests/${digest}`)
      expect([400, 404]).toContain(answer.status)
      if (answer.status === 400) expect((jsonOf(answer) as { errors: unknown[] }).errors.length).toBeGreaterThan(0)
    }
  }),
  must('no-digest-put', 'a push by what is no digest is 400 and stores nothing', ['v2/invalid-digest/put'], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    expectRefused(client, await put(client, repository, 'sha256:baddigeststring', text, types.manifest), 400, 'DIGEST_INVALID')
    await expectNothing(client, repository, text)
  }),
  must('head-and-get', 'HEAD and GET by tag and by digest are 200 with type, length and bytes', [
    'v1/pull/head-manifest-first', 'v1/pull/head-manifest-second', 'v1/pull/head-manifest-tag', 'v1/pull/get-manifest-first',
    'v1/pull/get-manifest-second', 'v1/pull/get-manifest-tag',
  ], async (client) => {
    const repository = client.repository()
    for (const tag of ['one', 'two']) {
      const text = await pushedImage(client, repository)
      expect((await put(client, repository, tag, text, types.manifest)).status).toBe(201)
      for (const reference of [tag, digestOf(text)]) {
        for (const method of ['HEAD', 'GET']) {
          const answer = await client.send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept })
          const { status, headers } = answer
          const described = [status, headers.get('content-type'), headers.get('content-length')]
          expect(described).toEqual([200, types.manifest, String(text.length)])
          expectDigest(client, answer, digestOf(text))
          if (method === 'GET') expect(textOf(answer)).toBe(text)
        }
      }
    }
  }),
  clients('digest-headers', 'PUT, HEAD and GET of a manifest have Docker-Content-Digest, by tag too', [
    'quirks/manifest-put-digest', 'quirks/head-headers', 'quirks/head-manifest-by-tag',
  ], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    const answers = [await put(client, repository, 'tag', text, types.manifest)]
    for (const method of ['HEAD', 'GET']) {
      answers.push(await client.send(method, `/v2/${repository}/manifests/tag`, { headers: accept }))
    }
    for (const { headers } of answers) expect(headers.get('docker-content-digest')).toBe(digestOf(text))
  }),
  clients('signature-tags', 'the tags of signatures that nobody pushed are 404', [
    'quirks/dash-tag', 'quirks/missing-signature',
  ], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    const digest = digestOf(text)
    await put(client, repository, digest, text, types.manifest)
    for (const tag of [digest.replace(':', '-'), `${digest.replace(':', '-')}.sig`]) {
      expectRefused(client, await client.send('GET', `/v2/${repository}/manifests/${tag}`), 404, 'MANIFEST_UNKNOWN')
    }
  }),
  clients('no-accept', 'a pull without Accept, or with */*, gets what is stored', [
    'quirks/no-accept', 'quirks/no-charset',
  ], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    await put(client, repository, 'tag', text, types.manifest)
    for (const headers of [{}, { accept: '*/*' }]) {
      const answer = await client.send('GET', `/v2/${repository}/manifests/tag`, { headers })
      expect([answer.status, answer.headers.get('content-type'), textOf(answer)]).toEqual([200, types.manifest, text])
    }
  }),
  berth('any-accept', 'whatever a client accepts it gets what is stored', [], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    await put(client, repository, 'tag', text, types.manifest)
    const weighted = [`${types.index};q=0.5, ${types.manifest};q=0.1`, `${types.dockerManifest}, */*;q=0.1`]
    for (const one of [types.manifest, '*/*', 'application/*', ...weighted]) {
      const answer = await client.send('GET', `/v2/${repository}/manifests/tag`, { headers: { accept: one } })
      expect([answer.status, answer.headers.get('content-type'), textOf(answer)]).toEqual([200, types.manifest, text])
    }
    // Never 406, which no client expects.
    const other = await client.send('GET', `/v2/${repository}/manifests/tag`, { headers: { accept: 'text/html' } })
    expect([200, 404]).toContain(other.status)
  }),
]

const noDigests = {
  wrong: 'sha256:totallywrong', bad: 'sha256:baddigeststring', md5: `md5:${'0'.repeat(32)}`, colon: ':', short: 'a:b',
}
const noTags = {
  dot: '.dot', dash: '-dash', long: 'a'.repeat(129), plus: 'a+b', umlaut: 'ä', escape: '%zz', zeros: '%00%00%00', space: 'a%20b',
}
const tags = {
  underscore: '_', mixed: 'A.b-c_d', zero: '0', long: 'a'.repeat(128), digest: 'sha256-abc', list: 'list', latest: 'latest',
}

const references = [
  berth('missing-delete', 'a delete of what is not there is 404', [], async (client) => {
    const repository = client.repository()
    for (const reference of [...refused404, 'a'.repeat(129)]) {
      expect((await client.send('DELETE', `/v2/${repository}/manifests/${reference}`)).status).toBe(404)
      expect((await client.send('GET', `/v2/${repository}/manifests/${reference}`)).status).toBe(404)
    }
  }),
  ...Object.entries(noDigests).map(([id, digest]) =>
    berth(`no-digest-${id}`, `${digest} is no digest`, [], async (client) => {
      const repository = client.repository()
      const text = await pushedImage(client, repository)
      for (const method of ['GET', 'DELETE']) {
        expectError(await client.send(method, `/v2/${repository}/manifests/${digest}`), 400, 'DIGEST_INVALID')
      }
      expectError(await put(client, repository, digest, text, types.manifest), 400, 'DIGEST_INVALID')
      await expectNothing(client, repository, text)
    }),
  ),
  ...Object.entries(noTags).map(([id, tag]) =>
    berth(`no-tag-${id}`, `nothing is stored under the tag ${tag}`, [], async (client) => {
      const repository = client.repository()
      const text = await pushedImage(client, repository)
      const answer = await put(client, repository, tag, text, types.manifest)
      expectError(answer, 400, tag === '%zz' ? 'NAME_INVALID' : 'TAG_INVALID')
      await expectNothing(client, repository, text)
    }),
  ),
  ...Object.entries(tags).map(([id, tag]) =>
    must(`tag-${id}`, `${tag.length > 50 ? `a tag of ${tag.length} characters` : tag} is a tag`, [], async (client) => {
      const repository = client.repository()
      const text = await pushedImage(client, repository)
      expect((await put(client, repository, tag, text, types.manifest)).status).toBe(201)
      expect(textOf(await client.send('GET', `/v2/${repository}/manifests/${tag}`, { headers: accept }))).toBe(text)
    }),
  ),
  berth('tags-beside-a-digest', 'tags beside a digest: bad ones, too many, and beside a tag', [], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    const digest = digestOf(text)
    const refused = (query: string) => put(client, repository, `${digest}?${query}`, text, types.manifest)
    for (const query of ['tag=a&tag=.bad', 'tag=', 'tag', 'tag=%zz', `tag=${'a'.repeat(129)}`, 'tag=sha256:abc']) {
      expectError(await refused(query), 400, 'TAG_INVALID')
    }
    const tooMany = await refused(Array.from({ length: 1000 }, (_, tag) => `tag=t${tag}`).join('&'))
    expectError(tooMany, 414, 'TAG_INVALID')
    await expectNothing(client, repository, text)
    const answer = await put(client, repository, 'one?tag=two', text, types.manifest)
    expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, null])
    expect(jsonOf(await client.send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: ['one'] })
    const twice = await put(client, repository, `${digest}?tag=a&tag=b&tag=a`, text, types.manifest)
    expect([twice.status, twice.headers.get('oci-tag')]).toEqual([201, 'a, b'])
  }),
]

const indexOf = (size: number): string => {
  const [before, after] = [`{"schemaVersion":2,"mediaType":"${types.index}","manifests":[],"annotations":{"a":"`, '"}}']
  return before + 'x'.repeat(size - before.length - after.length) + after
}

const pushes = [
  must('streamed', 'a manifest may come without a length, up to 4 MB', ['quirks/manifest-chunked'], async (client) => {
    const repository = client.repository()
    for (const size of client.holdsTo('berth') ? [1000, 4_000_000, 4 * 1024 ** 2] : [1000, 4_000_000]) {
      const text = indexOf(size)
      for (const body of [text, streamOf(Buffer.from(text), 60_000)]) {
        expect((await put(client, repository, 'large', body, types.index)).status).toBe(201)
      }
      const answer = await client.send('GET', `/v2/${repository}/manifests/large`, { headers: { accept: types.index } })
      expect(digestOf(answer.bytes)).toBe(digestOf(text))
    }
  }),
  berth('too-large', 'a byte more than 4 MiB is 413, announced or not', [], async (client) => {
    const repository = client.repository()
    const text = indexOf(4 * 1024 ** 2 + 1)
    for (const body of [text, streamOf(Buffer.from(text), 60_000)]) {
      expectError(await put(client, repository, 'refused', body, types.index), 413, 'MANIFEST_INVALID')
    }
    await expectNothing(client, repository, text)
  }),
  berth('content-type', 'the Content-Type may have parameters, be missing, or be of the document alone', [], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    for (const type of [`${types.manifest}; charset=utf-8`, `${types.manifest} ;a=b`, undefined]) {
      expect((await put(client, repository, 'tag', Buffer.from(text).toString(), type)).status).toBe(201)
      const answer = await client.send('GET', `/v2/${repository}/manifests/tag`)
      expect(answer.headers.get('content-type')).toBe(types.manifest)
    }
  }),
  clients('again', 'the same manifest can be pushed again, by digest and by tag', ['quirks/repush'], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    for (const reference of [digestOf(text), 'one', 'one', 'two', digestOf(text)]) {
      expect((await put(client, repository, reference, text, types.manifest)).status).toBe(201)
    }
    const list = await client.send('GET', `/v2/${repository}/tags/list`)
    expect((jsonOf(list) as { tags: string[] }).tags).toEqual(['one', 'two'])
  }),
  clients('moved-tag', 'a tag can be moved, and the manifest it leaves stays', ['quirks/tag-overwrite'], async (client) => {
    const repository = client.repository()
    const [first, second] = [await pushedImage(client, repository), await pushedImage(client, repository)]
    for (const text of [first, second]) expect((await put(client, repository, 'tag', text, types.manifest)).status).toBe(201)
    const at = async (reference: string) =>
      textOf(await client.send('GET', `/v2/${repository}/manifests/${reference}`, { headers: accept }))
    expect([await at('tag'), await at(digestOf(first))]).toEqual([second, first])
  }),
  berth('crowd', 'many pushes at once under one tag leave one of them', [], async (client) => {
    const repository = client.repository()
    const texts = await Promise.all(Array.from({ length: 8 }, () => pushedImage(client, repository)))
    const answers = await Promise.all(texts.map((text) => put(client, repository, 'hot', text, types.manifest)))
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 201))
    expect(texts).toContain(textOf(await client.send('GET', `/v2/${repository}/manifests/hot`)))
    for (const text of texts) {
      expect((await client.send('GET', `/v2/${repository}/manifests/${digestOf(text)}`)).status).toBe(200)
    }
  }),
]

export const manifests: Group = {
  id: 'manifests',
  name: { en: 'Manifests', 'zh-CN': 'Manifest' },
  section: 'distribution-spec: Pulling and pushing manifests',
  checks: [...pulls, ...references, ...pushes, ...badManifests, ...manifestConditions],
}
