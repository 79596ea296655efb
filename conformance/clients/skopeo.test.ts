import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { blobsOf, createLayout } from './oci-layout.ts'
import { callsOf, openTap } from './tap.ts'

setDefaultTimeout(120_000)

describeTools(['skopeo'], ({ skopeo }) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)
  let folders = 0
  const fresh = () => join(folder.path, String(folders++))
  const options = () => ({ env: { HOME: folder.path, TMPDIR: folder.path }, cwd: folder.path })
  const insecure = (verb: string) =>
    verb === 'copy' ? ['--src-tls-verify=false', '--dest-tls-verify=false'] : ['--tls-verify=false']
  const command = (verb: string, words: string[]) => [skopeo, '--insecure-policy', verb, ...insecure(verb), ...words]
  const run = (verb: string, ...words: string[]) => succeed(command(verb, words), options())

  forEachServer('against a registry', (server) => {
    const at = (name: string) => `docker://${new URL(server().url).host}/${name}`

    test('an image in an OCI layout goes up and comes down the same', async () => {
      const [layout, back, plain] = [createLayout(fresh()), fresh(), fresh()]
      const image = layout.addImage(3, 50_000)
      layout.tag(image, 'one')
      await run('copy', '--preserve-digests', `oci:${layout.path}:one`, at('skopeo/image:1.0'))
      expect(digestOf(await run('inspect', '--raw', at('skopeo/image:1.0')))).toBe(image.digest)
      await run('copy', '--preserve-digests', at('skopeo/image:1.0'), `oci:${back}:one`)
      expect(blobsOf(back)).toEqual(blobsOf(layout.path))
      await run('copy', '--preserve-digests', at(`skopeo/image@${image.digest}`), `dir:${plain}`)
      expect(digestOf(readFileSync(join(plain, 'manifest.json')))).toBe(image.digest)
      await run('copy', '--preserve-digests', `dir:${plain}`, at('skopeo/again:1.0'))
      expect(digestOf(await run('inspect', '--raw', at('skopeo/again:1.0')))).toBe(image.digest)
    })

    test('an index of several platforms goes up and comes down with all of them', async () => {
      const [layout, back] = [createLayout(fresh()), fresh()]
      const images = ['amd64', 'arm64', 's390x'].map((architecture) => layout.addImage(2, 50_000, architecture))
      const index = layout.addIndex(images)
      layout.tag(index, 'all')
      await run('copy', '--all', '--preserve-digests', `oci:${layout.path}:all`, at('skopeo/multi:1'))
      expect(digestOf(await run('inspect', '--raw', at('skopeo/multi:1')))).toBe(index.digest)
      await run('copy', '--all', '--preserve-digests', at('skopeo/multi:1'), `oci:${back}:all`)
      expect(blobsOf(back)).toEqual(blobsOf(layout.path))
      const one: unknown = JSON.parse(await run('inspect', '--override-arch', 'arm64', at('skopeo/multi:1')))
      expect(one).toMatchObject({ Architecture: 'arm64' })
    })

    test('between repositories, and into the Docker format', async () => {
      const layout = createLayout(fresh())
      const image = layout.addImage(2, 100_000)
      layout.tag(image, 'one')
      await run('copy', `oci:${layout.path}:one`, at('skopeo/source:1'))
      await run('copy', '--preserve-digests', at('skopeo/source:1'), at('elsewhere/target:1'))
      expect(digestOf(await run('inspect', '--raw', at('elsewhere/target:1')))).toBe(image.digest)
      await run('copy', '--format', 'v2s2', at('skopeo/source:1'), at('skopeo/docker:1'))
      const converted: unknown = JSON.parse(await run('inspect', '--raw', at('skopeo/docker:1')))
      expect(converted).toMatchObject({ mediaType: 'application/vnd.docker.distribution.manifest.v2+json' })
    })

    test('tags are listed, and an image is deleted', async () => {
      const layout = createLayout(fresh())
      layout.tag(layout.addImage(1, 1000), 'one')
      layout.tag(layout.addImage(1, 1000), 'two')
      for (const tag of ['b', 'a']) await run('copy', `oci:${layout.path}:one`, at(`skopeo/list:${tag}`))
      await run('copy', `oci:${layout.path}:two`, at('skopeo/list:C'))
      const tags = async () => (JSON.parse(await run('list-tags', at('skopeo/list'))) as { Tags: string[] }).Tags
      expect(await tags()).toEqual(['C', 'a', 'b'])
      await run('delete', at('skopeo/list:a'))
      expect(await tags()).toEqual(['C'])
      const gone = await runProgram(command('inspect', [at('skopeo/list:a')]), options())
      expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('manifest unknown')])
    })

    test('schema 1 is refused with words; the same image in the Docker format is taken', async () => {
      const layout = createLayout(fresh())
      layout.tag(layout.addImage(1, 1000), 'one')
      const old = ['--format', 'v2s1', `oci:${layout.path}:one`, at('skopeo/schema:1')]
      const refused = await runProgram(command('copy', old), options())
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Docker schema 1, which is dead')])
      await run('copy', '--format', 'v2s2', `oci:${layout.path}:one`, at('skopeo/schema:2'))
    })

    test('a signature of the older layout is asked for, and missed without harm', async () => {
      const layout = createLayout(fresh())
      const image = layout.addImage(1, 1000)
      layout.tag(image, 'one')
      await run('copy', '--preserve-digests', `oci:${layout.path}:one`, at('skopeo/unsigned:1'))
      mkdirSync(join(folder.path, 'registries.d'), { recursive: true })
      writeFileSync(join(folder.path, 'registries.d/all.yaml'), 'default-docker:\n  use-sigstore-attachments: true\n')
      const tap = await openTap(server().url)
      try {
        const verb = ['--insecure-policy', '--registries.d', join(folder.path, 'registries.d'), 'copy', '--src-tls-verify=false']
        await succeed([skopeo, ...verb, `docker://${tap.host}/skopeo/unsigned:1`, `dir:${fresh()}`], options())
        const tag = `${image.digest.replace(':', '-')}.sig`
        const calls = callsOf(tap.take())
        expect(calls[0]).toBe('GET /v2/')
        expect(calls).toContain(`GET /v2/skopeo/unsigned/manifests/${tag}`)
      } finally {
        tap.close()
      }
    })

    test('more tags than fit on a page', async () => {
      const layout = createLayout(fresh())
      const image = layout.addImage(1, 1000)
      layout.tag(image, 'one')
      await run('copy', '--preserve-digests', `oci:${layout.path}:one`, at('skopeo/paged:first'))
      const manifest = await run('inspect', '--raw', at('skopeo/paged:first'))
      const tags = Array.from({ length: 1_050 }, (_, tag) => `t${String(tag).padStart(5, '0')}`)
      for (let at = 0; at < tags.length; at += 50) {
        const query = tags.slice(at, at + 50).map((tag) => `tag=${tag}`)
        const url = `${server().url}/v2/skopeo/paged/manifests/${image.digest}?${query.join('&')}`
        const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
        expect((await fetch(url, { method: 'PUT', headers, body: manifest })).status).toBe(201)
      }
      const { Tags } = JSON.parse(await run('list-tags', at('skopeo/paged'))) as { Tags: string[] }
      expect(Tags).toEqual(['first', ...tags])
    })

    test('an image of more than 100 MB in 25 layers', async () => {
      const [layout, back] = [createLayout(fresh()), fresh()]
      const image = layout.addImage(25, 4.2 * 1024 ** 2)
      layout.tag(image, 'large')
      await run('copy', '--preserve-digests', `oci:${layout.path}:large`, at('skopeo/large:1'))
      await run('copy', '--preserve-digests', at('skopeo/large:1'), `oci:${back}:large`)
      expect(blobsOf(back)).toEqual(blobsOf(layout.path))
    })
  })
})
