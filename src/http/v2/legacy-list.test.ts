import { beforeEach, describe, expect, test } from 'bun:test'
import { type Digest, digestBytes, mediaTypes } from '../../oci/index.ts'
import { createTestHttp, type TestHttp } from '../test-http.testing.ts'

const { dockerManifest, dockerList, ociIndex, ociManifest } = mediaTypes
const encode = (document: object) => new TextEncoder().encode(JSON.stringify(document))

let t: TestHttp
beforeEach(() => {
  t = createTestHttp()
})

function store(tag: string, mediaType: string, bytes: Uint8Array<ArrayBuffer>): Digest {
  const digest = digestBytes(bytes, 'sha256')
  const { manifests, tags } = t.fake.repository('team/app')
  manifests.set(digest, { digest, mediaType, size: bytes.length, bytes })
  tags.set(tag, digest)
  return digest
}

const image = (name: string, mediaType: string = dockerManifest): Digest => store(name, mediaType, encode({ name }))
const child = (digest: Digest, architecture: string, os = 'linux', mediaType: string = dockerManifest) => ({
  mediaType,
  digest,
  size: 5,
  platform: { architecture, os },
})
const list = (manifests: readonly unknown[], mediaType: string = dockerList) => store('v1', mediaType, encode({ schemaVersion: 2, mediaType, manifests }))

const ask = async (accept: string | undefined, reference = 'v1', method = 'GET') => {
  const headers: Record<string, string> = accept === undefined ? {} : { accept }
  const answer = await t.ask(method, `/v2/team/app/manifests/${reference}`, { headers })
  const { headers: got } = answer
  return { status: answer.status, type: got.get('content-type'), digest: got.get('docker-content-digest'), etag: got.get('etag'), vary: got.get('vary'), text: await answer.text(), length: got.get('content-length') }
}

describe('a Docker manifest list, by tag, to a client that reads no lists', () => {
  test('is its linux/amd64 image', async () => {
    const [arm, amd] = [image('arm'), image('amd')]
    list([child(amd, 'amd64', 'windows'), child(arm, 'arm64'), child(amd, 'amd64'), child(arm, 'amd64')])
    for (const accept of [dockerManifest, `${mediaTypes.dockerSchema1Signed}, ${dockerManifest};q=0.8`, `${ociManifest},${dockerManifest}`]) {
      const answer = await ask(accept)
      expect(answer).toEqual({
        status: 200,
        type: dockerManifest,
        digest: amd,
        etag: `"${amd}"`,
        vary: 'accept',
        text: '{"name":"amd"}',
        length: '14',
      })
      expect(await ask(accept, 'v1', 'HEAD')).toEqual({ ...answer, text: '' })
    }
  })

  test('is not modified when the client has that image', async () => {
    const amd = image('amd')
    list([child(amd, 'amd64')])
    const headers = { accept: dockerManifest, 'if-none-match': `"${amd}"` }
    const answer = await t.ask('GET', '/v2/team/app/manifests/v1', { headers })
    expect([answer.status, answer.headers.get('vary')]).toEqual([304, 'accept'])
  })

  test('is the list itself when it has no such image here', async () => {
    const amd = image('amd')
    const lists = [
      [],
      [child(amd, 'arm64')],
      [child(digestBytes(encode({ gone: 1 }), 'sha256'), 'amd64')],
      [child(amd, 'amd64', 'linux', ociManifest)],
      [{ mediaType: dockerManifest, digest: amd, size: 5 }],
      [{ mediaType: dockerManifest, digest: 'sha256:x', size: 5, platform: { architecture: 'amd64', os: 'linux' } }],
      [null, 7, 'x', []],
    ]
    for (const manifests of lists) {
      const digest = list(manifests)
      expect(await ask(dockerManifest)).toMatchObject({ status: 200, type: dockerList, digest })
    }
  })
})

test('everybody else, and everything else, gets what is stored', async () => {
  const amd = image('amd')
  const digest = list([child(amd, 'amd64')])
  const others = [undefined, '*/*', dockerList, `${dockerManifest}, */*;q=0.1`, `${dockerManifest}, application/*`, ociManifest]
  for (const accept of [...others, `${dockerManifest},${ociIndex}`, `${dockerList}, ${dockerManifest}`, `${dockerManifest}x`, 'text/html']) {
    expect(await ask(accept)).toMatchObject({ type: dockerList, digest, vary: 'accept' })
  }
  expect(await ask(dockerManifest, digest)).toMatchObject({ type: dockerList, digest, vary: null })
  const index = list([child(amd, 'amd64')], ociIndex)
  expect(await ask(dockerManifest)).toMatchObject({ type: ociIndex, digest: index, vary: null })
  expect(await ask(dockerManifest, 'amd')).toMatchObject({ type: dockerManifest, digest: amd, vary: null })
})
