import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient, jsonOf, textOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { createBuilder } from '../oci/data-sets.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { blobsOf, createLayout } from './oci-layout.ts'
import { openTap } from './tap.ts'
import { tarOf } from './tar.ts'

setDefaultTimeout(120_000)

describeTools(['crane'], ({ crane }) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)
  let folders = 0
  const fresh = () => join(folder.path, String(folders++))
  const options = () => ({ env: { HOME: folder.path, DOCKER_CONFIG: folder.path, TMPDIR: folder.path }, cwd: folder.path })
  const run = (...words: string[]) => succeed([crane, ...words], options())
  const lines = async (...words: string[]) => (await run(...words)).split('\n').filter(Boolean)

  /** A layout of one image, which is what `crane push` wants. */
  const imageLayout = (layers = 2, size = 50_000) => {
    const layout = createLayout(fresh())
    const image = layout.addImage(layers, size)
    layout.tag(image, 'one')
    return { path: layout.path, digest: image.digest }
  }

  forEachServer('against a registry', (server) => {
    const at = (name: string) => `${new URL(server().url).host}/${name}`

    test('push, digest, manifest, validate and pull, by tag and by digest', async () => {
      const layout = imageLayout()
      await run('push', layout.path, at('crane/image:1.0'))
      const byDigest = at(`crane/image@${layout.digest}`)
      for (const reference of [at('crane/image:1.0'), byDigest]) {
        const back = fresh()
        expect(await run('digest', reference)).toBe(`${layout.digest}\n`)
        expect(digestOf((await run('manifest', reference)).trimEnd())).toBe(layout.digest)
        await run('validate', '--remote', reference)
        await run('pull', '--format', 'oci', reference, back)
        expect(blobsOf(back)).toEqual(blobsOf(layout.path))
      }
      expect(await lines('push', layout.path, at('crane/image:again'))).toEqual([byDigest])
      expect(JSON.parse(await run('config', byDigest))).toMatchObject({ architecture: 'amd64' })
    })

    test('copy between repositories, tag, ls and catalog', async () => {
      const layout = imageLayout()
      await run('push', layout.path, at('crane/source:1'))
      await run('copy', at('crane/source:1'), at('crane-target/copy:1'))
      expect(await run('digest', at('crane-target/copy:1'))).toBe(`${layout.digest}\n`)
      await run('validate', '--remote', at('crane-target/copy:1'))
      for (const tag of ['z', '_', 'A']) await run('tag', at('crane-target/copy:1'), tag)
      expect(await lines('ls', at('crane-target/copy'))).toEqual(['1', 'A', '_', 'z'])
      const catalog = await lines('catalog', new URL(server().url).host)
      expect(catalog).toEqual(expect.arrayContaining(['crane/source', 'crane-target/copy']))
    })

    test('delete a tag, then the manifest with the tags left', async () => {
      const layout = imageLayout()
      await run('push', layout.path, at('crane/delete:1'))
      for (const tag of ['2', '3']) await run('tag', at('crane/delete:1'), tag)
      await run('delete', at('crane/delete:2'))
      expect(await lines('ls', at('crane/delete'))).toEqual(['1', '3'])
      expect(await run('digest', at(`crane/delete@${layout.digest}`))).toBe(`${layout.digest}\n`)
      await run('delete', at(`crane/delete@${layout.digest}`))
      expect(await lines('ls', at('crane/delete'))).toEqual([])
      const gone = await runProgram([crane, 'digest', at('crane/delete:1')], options())
      expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('404 Not Found')])
    })

    test('an index out of images that are there', async () => {
      const layout = createLayout(fresh())
      const back = fresh()
      const index = layout.addIndex(['amd64', 'arm64'].map((architecture) => layout.addImage(2, 50_000, architecture)))
      layout.tag(index, 'all')
      await run('push', '--index', layout.path, at('crane/pushed-index:1'))
      await run('validate', '--remote', at('crane/pushed-index:1'))
      const [first, second] = [imageLayout(), imageLayout()]
      await run('push', first.path, at('crane/index:first'))
      await run('push', second.path, at('crane/index:second'))
      await run('index', 'append', '-m', at('crane/index:first'), '-m', at('crane/index:second'), '-t', at('crane/index:both'))
      await run('validate', '--remote', at('crane/index:both'))
      const appended: unknown = JSON.parse(await run('manifest', at('crane/index:both')))
      expect(appended).toMatchObject({ manifests: [{ digest: first.digest }, { digest: second.digest }] })
      await run('pull', '--format', 'oci', at('crane/index:both'), back)
      expect(blobsOf(back)).toEqual(expect.arrayContaining(blobsOf(first.path)))
    })

    test('a layer put on an image that is there, streamed', async () => {
      const layout = imageLayout()
      const content = randomBytes(3_000_000)
      writeFileSync(join(folder.path, 'layer.tar'), tarOf('appended', content))
      await run('push', layout.path, at('crane/append:1'))
      await run('append', '-b', at('crane/append:1'), '-f', 'layer.tar', '-t', at('crane/append:2'))
      await run('export', at('crane/append:2'), 'files.tar')
      expect(digestOf(await succeed(['sh', '-c', 'tar -xOf files.tar appended | sha256sum'], options()))).toBe(
        digestOf(`${digestOf(content).slice('sha256:'.length)}  -\n`),
      )
      await run('mutate', '--label', 'a=b', at('crane/append:2'), '-t', at('crane/append:3'))
      await run('validate', '--remote', at('crane/append:3'))
    })

    test('an artifact that refers to an image is copied like any other', async () => {
      const layout = imageLayout()
      await run('push', layout.path, at('crane/subject:1'))
      const builder = createBuilder()
      const subject = { mediaType: types.manifest, digest: layout.digest, size: 1 }
      const content = { config: builder.blob('{}', types.empty), layers: [builder.layer('text/plain')] }
      const { digest } = builder.manifest({ artifactType: 'a/b', ...content, subject }, types.manifest)
      const client = createClient(server().url)
      for (const blob of builder.set.blobs) await client.pushBlob('crane/subject', blob)
      await client.putManifest('crane/subject', digest, builder.set.manifests[0]?.text ?? '', types.manifest)
      for (const repository of ['crane/subject', 'crane/subject-copy']) {
        await run('copy', at(`crane/subject@${digest}`), at(`${repository}:artifact`))
        expect(await run('digest', at(`${repository}:artifact`))).toBe(`${digest}\n`)
        const referrers = jsonOf(await client.send('GET', `/v2/${repository}/referrers/${layout.digest}`))
        expect(referrers).toMatchObject({ manifests: [{ digest, artifactType: 'a/b' }] })
      }
      // No client had to fall back to the tag schema.
      expect(await lines('ls', at('crane/subject-copy'))).toEqual(['artifact'])
    })

    test('TLS is tried first; a copy mounts what the other repository has', async () => {
      const layout = imageLayout()
      await run('push', layout.path, at('crane/mounted:1'))
      const tap = await openTap(server().url)
      try {
        await run('copy', `${tap.host}/crane/mounted:1`, `${tap.host}/crane-elsewhere/mounted:1`)
        expect(tap.tlsHellos()).toBeGreaterThan(0)
        const heads = tap.take()
        const mounts = heads.filter(({ method, target }) => method === 'POST' && target.includes('mount='))
        expect(mounts.length).toBe(3)
        for (const { target, headers } of mounts) {
          expect(target).toContain('from=crane%2Fmounted')
          expect(headers.get('content-type')).toBe('application/json')
        }
        expect(heads.filter(({ method }) => method === 'PATCH')).toEqual([])
      } finally {
        tap.close()
      }
      expect(await run('digest', at('crane-elsewhere/mounted:1'))).toBe(`${layout.digest}\n`)
    })

    test('layers that may not be distributed are not pushed, and not missed', async () => {
      const layout = imageLayout()
      const blobs = join(layout.path, 'blobs/sha256')
      const manifest = JSON.parse(readFileSync(join(blobs, layout.digest.slice(7)), 'utf8')) as { layers: object[] }
      const urls = ['http://127.0.0.1:1/layer']
      const foreign = { mediaType: types.foreignLayer, digest: digestOf('elsewhere'), size: 9, urls }
      const bytes = JSON.stringify({ ...manifest, layers: [...manifest.layers, foreign] })
      const digest = digestOf(bytes)
      writeFileSync(join(blobs, digest.slice(7)), bytes)
      const config = JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: types.manifest, digest, size: bytes.length }] })
      writeFileSync(join(layout.path, 'index.json'), config)
      await run('push', layout.path, at('crane/foreign:1'))
      expect(await run('digest', at('crane/foreign:1'))).toBe(`${digest}\n`)
      // The same layer under a type that promises it must be there.
      const promised = bytes.replace(types.foreignLayer, types.gzipLayer)
      const headers = { 'content-type': types.manifest }
      const refused = await createClient(server().url).send('PUT', '/v2/crane/foreign/manifests/2', { headers, body: promised })
      expect([refused.status, textOf(refused)]).toEqual([400, expect.stringContaining('MANIFEST_BLOB_UNKNOWN')])
    })

    test('an image of more than 100 MB in 30 layers', async () => {
      const layout = imageLayout(30, 3.5 * 1024 ** 2)
      const back = fresh()
      await run('push', layout.path, at('crane/large:1'))
      await run('pull', '--format', 'oci', at('crane/large:1'), back)
      expect(blobsOf(back)).toEqual(blobsOf(layout.path))
    })

    test('more tags than fit on a page', async () => {
      const layout = imageLayout(1, 100)
      await run('push', layout.path, at('crane/paged:first'))
      const manifest = (await run('manifest', at('crane/paged:first'))).trimEnd()
      const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
      const tags = Array.from({ length: 1_100 }, (_, tag) => `t${String(tag).padStart(5, '0')}`)
      for (let at = 0; at < tags.length; at += 50) {
        const query = tags.slice(at, at + 50).map((tag) => `tag=${tag}`)
        const url = `${server().url}/v2/crane/paged/manifests/${layout.digest}?${query.join('&')}`
        expect((await fetch(url, { method: 'PUT', headers, body: manifest })).status).toBe(201)
      }
      expect(await lines('ls', at('crane/paged'))).toEqual(['first', ...tags])
    })
  })
})
