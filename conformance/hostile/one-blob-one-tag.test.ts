import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient, jsonOf, textOf, withQuery } from '../oci/client.ts'
import { freshBytes, types } from '../oci/content.ts'
import { until } from '../until.ts'

setDefaultTimeout(180_000)

const clients = 64
const everyone = Array.from({ length: clients }, (_, index) => index)

/** Files below a folder of the data directory. */
function filesOf(data: string, folder: string): string[] {
  const path = join(data, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name)
}

const settings = { BERTH_GC_INTERVAL: '200ms', BERTH_GC_DRAIN: '0s' }

forEachServer(`${clients} clients at once`, (server) => {
  const client = () => createClient(server().url)

  test.each([
    ['a file', 1_000_000],
    ['a row', 10_000],
  ])('push one blob that is %s: each is told so, and it is stored once', async (_, size) => {
    const content = freshBytes(size)
    const digest = digestOf(content)
    const repositoryOf = (index: number) => `crowd/r${size}-${index % 4}`
    await Promise.all(
      everyone.map(async (index) => {
        // Half of them in one request, half in two pieces.
        const repository = repositoryOf(index)
        const location = await client().startUpload(repository)
        const half = index % 2 === 0 ? 0 : size / 2
        if (half > 0) expect((await client().send('PATCH', location, { body: content.slice(0, half) })).status).toBe(202)
        const answer = await client().send('PUT', withQuery(location, { digest }), { body: content.slice(half) })
        expect([answer.status, answer.headers.get('location')]).toEqual([201, `/v2/${repository}/blobs/${digest}`])
        // From now on it is there for everybody.
        const got = await client().send('GET', `/v2/${repository}/blobs/${digest}`)
        expect([got.status, digestOf(got.bytes)]).toEqual([200, digest])
      }),
    )
    const named = () => filesOf(server().data, 'blobs').filter((name) => name.startsWith(digest.slice('sha256:'.length)))
    await until('one is left', () => named().length === (size > 32_768 ? 1 : 0) && filesOf(server().data, 'uploads').length === 0)
    expect(digestOf((await client().send('GET', `/v2/${repositoryOf(0)}/blobs/${digest}`)).bytes)).toBe(digest)
  })

  test('move one tag: it always names a whole manifest, and at the end the last of somebody', async () => {
    const repository = 'crowd/tag'
    const config = await client().pushBlob(repository, '{}')
    const layer = await client().pushBlob(repository, freshBytes(50_000))
    const manifest = (index: number, round: number): string =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.manifest,
        config: { mediaType: types.config, digest: config, size: 2 },
        layers: [{ mediaType: types.layer, digest: layer, size: 50_000 }],
        annotations: { client: String(index), round: String(round) },
      })
    await client().putManifest(repository, 'tag', manifest(0, 0), types.manifest)
    const rounds = 4
    await Promise.all(
      everyone.map(async (index) => {
        for (let round = 1; round <= rounds; round++) {
          const text = manifest(index, round)
          expect(await client().putManifest(repository, 'tag', text, types.manifest)).toBe(digestOf(text))
          const got = await client().send('GET', `/v2/${repository}/manifests/tag`)
          expect([got.status, got.headers.get('docker-content-digest')]).toEqual([200, digestOf(got.bytes)])
          expect((await client().send('GET', `/v2/${repository}/manifests/${digestOf(text)}`)).status).toBe(200)
        }
      }),
    )
    const text = textOf(await client().send('GET', `/v2/${repository}/manifests/tag`))
    expect(everyone.map((index) => manifest(index, rounds))).toContain(text)
    expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: ['tag'] })
  })

  test('take one tag that nobody has: one gets it', async () => {
    const repository = 'crowd/first'
    const answers = await Promise.all(
      everyone.map((index) => {
        const body = JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { index: String(index) } })
        const headers = { 'content-type': types.index, 'if-none-match': '*' }
        return client().send('PUT', `/v2/${repository}/manifests/tag`, { headers, body })
      }),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, ...Array<number>(clients - 1).fill(412)])
    const winner = answers.find(({ status }) => status === 201)?.headers.get('docker-content-digest')
    expect(digestOf((await client().send('GET', `/v2/${repository}/manifests/tag`)).bytes)).toBe(winner ?? '')
  })

  test('delete and push one tag: each answer is one of the few that may be', async () => {
    const repository = 'crowd/gone'
    const text = '{"schemaVersion":2,"manifests":[]}'
    await client().putManifest(repository, 'tag', text, types.index)
    const answers = await Promise.all(
      everyone.map((index) =>
        index % 2 === 0
          ? client().send('DELETE', `/v2/${repository}/manifests/tag`)
          : client().send('PUT', `/v2/${repository}/manifests/tag`, { headers: { 'content-type': types.index }, body: text }),
      ),
    )
    for (const [index, { status }] of answers.entries()) expect(index % 2 === 0 ? [202, 404] : [201]).toContain(status)
    await client().putManifest(repository, 'tag', text, types.index)
    expect(textOf(await client().send('GET', `/v2/${repository}/manifests/tag`))).toBe(text)
  })
}, { env: settings })
