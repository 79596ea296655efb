import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient, jsonOf, streamOf, textOf, type SendOptions } from './client.ts'
import { freshRepository, types } from './content.ts'
import { createBuilder } from './data-sets.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

forEachRegistry('manifests', (url) => {
  const client = () => createClient(url())

  const put = (repository: string, reference: string, body: SendOptions['body'], type?: string) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
    return client().send('PUT', `/v2/${repository}/manifests/${reference}`, { headers, body })
  }

  /** An image whose blobs are pushed, as text. */
  const pushedImage = async (repository: string, further: Record<string, unknown> = {}): Promise<string> => {
    const builder = createBuilder()
    builder.image(further)
    for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
    return builder.set.manifests[0]?.text ?? ''
  }

  /** Expects that a refused manifest is nowhere. */
  const expectNothing = async (repository: string, text: string): Promise<void> => {
    for (const reference of ['refused', digestOf(text), digestOf(text, 'sha512')]) {
      expect((await client().send('GET', `/v2/${repository}/manifests/${reference}`)).status).toBe(404)
    }
    const tags = await client().send('GET', `/v2/${repository}/tags/list`)
    if (tags.status !== 404) expect(jsonOf(tags)).toEqual({ name: repository, tags: [] })
  }

  test('what is not there', async () => {
    const repository = freshRepository()
    for (const reference of ['latest', digestOf('nothing'), '.INVALID_MANIFEST_NAME', 'a'.repeat(129)]) {
      const path = `/v2/${repository}/manifests/${reference}`
      expect((await client().send('HEAD', path)).status).toBe(404)
      for (const method of ['GET', 'DELETE']) expect((await client().send(method, path)).status).toBe(404)
    }
    await put(repository, 'known', await pushedImage(repository), types.manifest)
    for (const reference of ['latest', digestOf('nothing'), '.INVALID_MANIFEST_NAME']) {
      expectError(await client().send('GET', `/v2/${repository}/manifests/${reference}`), 404, 'MANIFEST_UNKNOWN')
    }
    // cosign and oras probe for such tags; nobody may invent them.
    const digest = digestOf(await pushedImage(repository))
    for (const tag of [digest.replace(':', '-'), `${digest.replace(':', '-')}.sig`]) {
      expectError(await client().send('GET', `/v2/${repository}/manifests/${tag}`), 404, 'MANIFEST_UNKNOWN')
    }
  })

  const noDigests = ['sha256:totallywrong', 'sha256:baddigeststring', `md5:${'0'.repeat(32)}`, ':', 'a:b']
  test.each(noDigests)('%s is no digest', async (digest) => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    for (const method of ['GET', 'DELETE']) {
      expectError(await client().send(method, `/v2/${repository}/manifests/${digest}`), 400, 'DIGEST_INVALID')
    }
    expectError(await put(repository, digest, text, types.manifest), 400, 'DIGEST_INVALID')
    await expectNothing(repository, text)
  })

  test.each(['.dot', '-dash', 'a'.repeat(129), 'a+b', 'ä', '%zz', '%00'.repeat(3), 'a b'.replace(' ', '%20')])(
    'nothing is stored under the tag %s',
    async (tag) => {
      const repository = freshRepository()
      const text = await pushedImage(repository)
      const answer = await put(repository, tag, text, types.manifest)
      expectError(answer, 400, tag === '%zz' ? 'NAME_INVALID' : 'TAG_INVALID')
      await expectNothing(repository, text)
    },
  )

  test.each(['_', 'A.b-c_d', '0', 'a'.repeat(128), 'sha256-abc', 'list', 'latest'])('%s is a tag', async (tag) => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    expect((await put(repository, tag, text, types.manifest)).status).toBe(201)
    expect(textOf(await client().send('GET', `/v2/${repository}/manifests/${tag}`))).toBe(text)
  })

  const bad: Record<string, string> = {
    nothing: '',
    'no JSON': 'this is not JSON',
    'cut-off JSON': '{"schemaVersion":2,"config":{',
    'a list': '[]',
    'a number': '7',
    null: 'null',
    'JSON with something behind': '{"schemaVersion":2,"manifests":[]} {}',
    'a depth no program needs': `{"schemaVersion":2,"manifests":[],"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    'a member twice': '{"schemaVersion":2,"manifests":[],"manifests":[]}',
    'another schemaVersion': '{"schemaVersion":3,"manifests":[]}',
    'manifests that are no list': '{"schemaVersion":2,"manifests":{}}',
    'a child that is no descriptor': '{"schemaVersion":2,"manifests":[1]}',
    'a child without a digest': '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1}]}',
    'a child with a bad digest': '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:1"}]}',
    'a child of negative size': `{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":-1,"digest":"${digestOf('')}"}]}`,
    'an index that is an image too': '{"schemaVersion":2,"manifests":[],"layers":[]}',
    'another mediaType than its Content-Type': `{"schemaVersion":2,"mediaType":"${types.manifest}","manifests":[]}`,
    'a bad subject': '{"schemaVersion":2,"manifests":[],"subject":{"digest":"x"}}',
    'annotations that are no strings': '{"schemaVersion":2,"manifests":[],"annotations":{"a":1}}',
  }

  test.each(Object.entries(bad))('an index that is %s', async (_, text) => {
    const repository = freshRepository()
    await client().pushBlob(repository, '')
    expectError(await put(repository, 'refused', text, types.index), 400, 'MANIFEST_INVALID')
    expectError(await put(repository, digestOf(text), text, types.index), 400, 'MANIFEST_INVALID')
    await expectNothing(repository, text)
  })

  test('bytes that are no UTF-8', async () => {
    const [repository, text] = [freshRepository(), '{"schemaVersion":2,"manifests":[],"a":"?"}']
    const bytes = new Uint8Array(Buffer.from(text)).map((byte) => (byte === 63 ? 255 : byte))
    expectError(await put(repository, 'refused', bytes, types.index), 400, 'MANIFEST_INVALID')
    await expectNothing(repository, text)
  })

  test('schema 1 is refused with words', async () => {
    const text = '{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[]}'
    for (const type of [types.schema1, types.schema1.replace('prettyjws', 'json'), undefined]) {
      const repository = freshRepository()
      const answer = await put(repository, 'refused', text, type)
      expectError(answer, 400, 'MANIFEST_INVALID')
      expect(textOf(answer)).toContain('schema 1')
      await expectNothing(repository, text)
    }
  })

  test('every missing child is named', async () => {
    const repository = freshRepository()
    const builder = createBuilder()
    const config = builder.config()
    const missing = [builder.unpushed(types.gzipLayer), builder.unpushed(types.gzipLayer)]
    builder.manifest({ config, layers: missing }, types.manifest)
    await client().pushBlob(repository, builder.set.blobs[0] ?? new Uint8Array())
    const text = builder.set.manifests[0]?.text ?? ''
    const answer = await put(repository, 'refused', text, types.manifest)
    expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
    const { errors } = jsonOf(answer) as { errors: { detail: unknown }[] }
    expect(JSON.stringify(errors.map(({ detail }) => detail))).toContain(String(missing[0]?.digest))
    expect(errors.length).toBe(2)
    await expectNothing(repository, text)
  })

  test('a child in another repository is missing here', async () => {
    const [repository, other] = [freshRepository(), freshRepository()]
    const text = await pushedImage(other)
    expect((await put(other, 'one', text, types.manifest)).status).toBe(201)
    await client().pushBlob(repository, '')
    expectError(await put(repository, 'refused', text, types.manifest), 400, 'MANIFEST_BLOB_UNKNOWN')
    await expectNothing(repository, text)
  })

  describe('size', () => {
    const index = (size: number): string => {
      const [before, after] = ['{"schemaVersion":2,"manifests":[],"annotations":{"a":"', '"}}']
      return before + 'x'.repeat(size - before.length - after.length) + after
    }

    test('4 MB, and 4 MiB to the byte', async () => {
      const repository = freshRepository()
      for (const size of [4_000_000, 4 * 1024 ** 2]) {
        const text = index(size)
        for (const body of [text, streamOf(Buffer.from(text), 60_000)]) {
          expect((await put(repository, 'large', body, types.index)).status).toBe(201)
        }
        const answer = await client().send('GET', `/v2/${repository}/manifests/large`)
        expect(digestOf(answer.bytes)).toBe(digestOf(text))
      }
    })

    test('a byte more is 413, announced or not', async () => {
      const repository = freshRepository()
      const text = index(4 * 1024 ** 2 + 1)
      for (const body of [text, streamOf(Buffer.from(text), 60_000)]) {
        expectError(await put(repository, 'refused', body, types.index), 413, 'MANIFEST_INVALID')
      }
      await expectNothing(repository, text)
    })
  })

  test('the Content-Type: with parameters, missing, or of the document alone', async () => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    for (const type of [`${types.manifest}; charset=utf-8`, `${types.manifest} ;a=b`, undefined]) {
      expect((await put(repository, 'tag', Buffer.from(text).toString(), type)).status).toBe(201)
      const answer = await client().send('GET', `/v2/${repository}/manifests/tag`)
      expect(answer.headers.get('content-type')).toBe(types.manifest)
    }
  })

  test('whatever a client accepts it gets what is stored', async () => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    await put(repository, 'tag', text, types.manifest)
    const weighted = [`${types.index};q=0.5, ${types.manifest};q=0.1`, `${types.dockerManifest}, */*;q=0.1`]
    for (const accept of [types.manifest, '*/*', 'application/*', ...weighted]) {
      const answer = await client().send('GET', `/v2/${repository}/manifests/tag`, { headers: { accept } })
      expect([answer.status, answer.headers.get('content-type'), textOf(answer)]).toEqual([200, types.manifest, text])
    }
    // Never 406, which no client expects.
    const other = await client().send('GET', `/v2/${repository}/manifests/tag`, { headers: { accept: 'text/html' } })
    expect([200, 404]).toContain(other.status)
  })

  test('If-None-Match by tag and by digest', async () => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    await put(repository, 'tag', text, types.manifest)
    for (const reference of ['tag', digestOf(text)]) {
      for (const method of ['GET', 'HEAD']) {
        const path = `/v2/${repository}/manifests/${reference}`
        const same = await client().send(method, path, { headers: { 'if-none-match': `"${digestOf(text)}"` } })
        expect([same.status, same.headers.get('etag')]).toEqual([304, `"${digestOf(text)}"`])
        expect((await client().send(method, path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
      }
    }
    const newer = await pushedImage(repository)
    await put(repository, 'tag', newer, types.manifest)
    const headers = { 'if-none-match': `"${digestOf(text)}"` }
    const moved = await client().send('GET', `/v2/${repository}/manifests/tag`, { headers })
    expect([moved.status, textOf(moved)]).toEqual([200, newer])
    // The one before is still there.
    expect((await client().send('GET', `/v2/${repository}/manifests/${digestOf(text)}`)).status).toBe(200)
  })

  describe('a PUT or DELETE on a condition', () => {
    const send = (method: string, repository: string, reference: string, headers: Record<string, string>, body?: string) => {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': types.manifest }
      return client().send(method, `/v2/${repository}/manifests/${reference}`, { headers: { ...type, ...headers }, body })
    }
    const etagOf = async (repository: string, reference: string): Promise<string> =>
      (await client().send('HEAD', `/v2/${repository}/manifests/${reference}`)).headers.get('etag') ?? 'none'

    test('If-None-Match: * creates and never replaces', async () => {
      const repository = freshRepository()
      const [text, other] = [await pushedImage(repository), await pushedImage(repository)]
      const create = { 'if-none-match': '*' }
      expect((await send('PUT', repository, 'tag', create, text)).status).toBe(201)
      for (const body of [text, other]) expectError(await send('PUT', repository, 'tag', create, body), 412, 'DENIED')
      expect(await etagOf(repository, 'tag')).toBe(`"${digestOf(text)}"`)
      expect((await client().send('HEAD', `/v2/${repository}/manifests/${digestOf(other)}`)).status).toBe(404)
      const beside = `${digestOf(other)}?tag=new&tag=tag`
      expectError(await send('PUT', repository, beside, create, other), 412, 'DENIED')
      expect((await client().send('HEAD', `/v2/${repository}/manifests/new`)).status).toBe(404)
    })

    test('If-Match moves and deletes only what the client has seen', async () => {
      const repository = freshRepository()
      const [text, other] = [await pushedImage(repository), await pushedImage(repository)]
      for (const seen of ['*', `"${digestOf(text)}"`]) {
        expectError(await send('PUT', repository, 'tag', { 'if-match': seen }, text), 412, 'DENIED')
      }
      await put(repository, 'tag', text, types.manifest)
      const seen = await etagOf(repository, 'tag')
      expect((await send('PUT', repository, 'tag', { 'if-match': `"x", ${seen}` }, other)).status).toBe(201)
      expectError(await send('PUT', repository, 'tag', { 'if-match': seen }, text), 412, 'DENIED')
      expectError(await send('PUT', repository, 'tag', { 'if-match': `W/"${digestOf(other)}"` }, text), 412, 'DENIED')
      expectError(await send('DELETE', repository, 'tag', { 'if-match': seen }), 412, 'DENIED')
      expect(await etagOf(repository, 'tag')).toBe(`"${digestOf(other)}"`)
      expect((await send('DELETE', repository, 'tag', { 'if-match': `"${digestOf(other)}"` })).status).toBe(202)
      expectError(await send('DELETE', repository, 'tag', { 'if-match': '*' }), 404, 'MANIFEST_UNKNOWN')
    })

    test('of many at once one wins', async () => {
      const repository = freshRepository()
      const texts = await Promise.all(Array.from({ length: 8 }, () => pushedImage(repository)))
      const race = async (headers: Record<string, string>): Promise<void> => {
        const statuses = await Promise.all(texts.map(async (text) => (await send('PUT', repository, 'tag', headers, text)).status))
        expect(statuses.toSorted((a, b) => a - b)).toEqual([201, ...Array.from({ length: 7 }, () => 412)])
      }
      await race({ 'if-none-match': '*' })
      await put(repository, 'tag', await pushedImage(repository), types.manifest)
      await race({ 'if-match': await etagOf(repository, 'tag') })
    })

    test.each(['', 'sha256:abc', '"a" "b"', '*, "a"', Array.from({ length: 65 }, (_, n) => `"${n}"`).join(', ')])(
      'one that nobody can understand is refused: %.30s',
      async (condition) => {
        const repository = freshRepository()
        const text = await pushedImage(repository)
        for (const name of ['if-match', 'if-none-match']) {
          expectError(await send('PUT', repository, 'refused', { [name]: condition }, text), 400, 'UNSUPPORTED')
        }
        await expectNothing(repository, text)
      },
    )
  })

  test('tags beside a digest: bad ones, too many, and beside a tag', async () => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    const digest = digestOf(text)
    const refused = (query: string) => put(repository, `${digest}?${query}`, text, types.manifest)
    for (const query of ['tag=a&tag=.bad', 'tag=', 'tag', 'tag=%zz', `tag=${'a'.repeat(129)}`, 'tag=sha256:abc']) {
      expectError(await refused(query), 400, 'TAG_INVALID')
    }
    const tooMany = await refused(Array.from({ length: 1000 }, (_, tag) => `tag=t${tag}`).join('&'))
    expectError(tooMany, 414, 'TAG_INVALID')
    await expectNothing(repository, text)
    const answer = await put(repository, 'one?tag=two', text, types.manifest)
    expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, null])
    expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: ['one'] })
    const twice = await put(repository, `${digest}?tag=a&tag=b&tag=a`, text, types.manifest)
    expect([twice.status, twice.headers.get('oci-tag')]).toEqual([201, 'a, b'])
  })

  test('the same manifest again, by digest and by tag', async () => {
    const repository = freshRepository()
    const text = await pushedImage(repository)
    for (const reference of [digestOf(text), 'one', 'one', 'two', digestOf(text)]) {
      expect((await put(repository, reference, text, types.manifest)).status).toBe(201)
    }
    expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: ['one', 'two'] })
  })

  test('many at once under one tag leave one of them', async () => {
    const repository = freshRepository()
    const texts = await Promise.all(Array.from({ length: 8 }, () => pushedImage(repository)))
    const answers = await Promise.all(texts.map((text) => put(repository, 'hot', text, types.manifest)))
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 201))
    expect(texts).toContain(textOf(await client().send('GET', `/v2/${repository}/manifests/hot`)))
    for (const text of texts) {
      expect((await client().send('GET', `/v2/${repository}/manifests/${digestOf(text)}`)).status).toBe(200)
    }
  })
})
