import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { blobsOf, createLayout } from './oci-layout.ts'

setDefaultTimeout(120_000)

/** What `oras discover --format json` prints, as far as it matters here. */
interface Discovered {
  readonly digest: string
  readonly artifactType?: string
  readonly referrers?: readonly Discovered[]
}

describeTools(['oras'], ({ oras }) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)
  let folders = 0
  const fresh = () => {
    const path = join(folder.path, String(folders++))
    mkdirSync(path)
    return path
  }
  const options = (cwd: string) => ({ env: { HOME: folder.path, DOCKER_CONFIG: folder.path, TMPDIR: folder.path }, cwd })
  const run = (cwd: string, ...words: string[]) => succeed([oras, ...words], options(cwd))
  const json = async (cwd: string, ...words: string[]): Promise<unknown> =>
    JSON.parse(await run(cwd, ...words, '--format', 'json'))
  const lines = async (...words: string[]) => (await run(folder.path, ...words)).split('\n').filter(Boolean)

  /** Writes files of the given content and returns their folder. */
  const files = (contents: Record<string, string | Uint8Array>): string => {
    const path = fresh()
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(path, name), content)
    return path
  }

  forEachServer('against a registry', (server) => {
    const at = (name: string) => `${new URL(server().url).host}/${name}`
    const plain = '--plain-http'

    test('an artifact comes back file by file', async () => {
      const large = randomBytes(2_000_000)
      const from = files({ 'a.txt': 'first', 'b.bin': large, 'none.txt': '' })
      const to = fresh()
      const what = ['a.txt:text/plain', 'b.bin', 'none.txt']
      const artifactType = 'application/vnd.test+json'
      const pushed = await json(from, 'push', plain, '--artifact-type', artifactType, at('oras/artifact:1'), ...what)
      expect(pushed).toMatchObject({ artifactType })
      await run(to, 'pull', plain, at('oras/artifact:1'))
      expect(readFileSync(join(to, 'a.txt'), 'utf8')).toBe('first')
      expect(digestOf(readFileSync(join(to, 'b.bin')))).toBe(digestOf(large))
      expect(readFileSync(join(to, 'none.txt')).length).toBe(0)
    })

    test('referrers of an artifact are attached, found, filtered, pulled and deleted', async () => {
      const from = files({ 'a.txt': 'subject', 'sbom.json': '{"sbom":true}', 'signature.txt': 'signed' })
      await run(from, 'push', plain, at('oras/subject:1'), 'a.txt:text/plain')
      const attach = ['attach', plain, '--annotation', 'note=kept', '--artifact-type']
      const sbom = await json(from, ...attach, 'application/vnd.sbom', at('oras/subject:1'), 'sbom.json')
      await run(from, ...attach, 'application/vnd.signature', at('oras/subject:1'), 'signature.txt')
      const { digest } = sbom as Discovered
      await run(from, ...attach, 'application/vnd.signature', at(`oras/subject@${digest}`), 'signature.txt')
      const discover = async (...words: string[]) =>
        ((await json(from, 'discover', plain, ...words, at('oras/subject:1'))) as Discovered).referrers ?? []
      const found = await discover()
      const kinds = found.map(({ artifactType }) => artifactType)
      expect(new Set(kinds)).toEqual(new Set(['application/vnd.sbom', 'application/vnd.signature']))
      expect(kinds.length).toBe(2)
      expect(found.find((one) => one.digest === digest)).toMatchObject({
        annotations: { note: 'kept' },
        referrers: [{ artifactType: 'application/vnd.signature' }],
      })
      const to = fresh()
      await run(to, 'pull', plain, at(`oras/subject@${digest}`))
      expect(readFileSync(join(to, 'sbom.json'), 'utf8')).toBe('{"sbom":true}')
      expect(await discover('--artifact-type', 'application/vnd.sbom')).toMatchObject([{ digest }])
      // No client had to fall back to the tag schema.
      expect(await lines('repo', 'tags', plain, at('oras/subject'))).toEqual(['1'])
      await run(from, 'manifest', 'delete', plain, '--force', at(`oras/subject@${digest}`))
      expect(await discover()).toMatchObject([{ artifactType: 'application/vnd.signature' }])
    })

    test('an artifact is copied with all that refers to it', async () => {
      const from = files({ 'a.txt': 'copied', 'b.txt': 'along' })
      await run(from, 'push', plain, at('oras/from:1'), 'a.txt')
      await run(from, 'attach', plain, '--artifact-type', 'test/along', at('oras/from:1'), 'b.txt')
      await run(from, 'cp', '--from-plain-http', '--to-plain-http', '--recursive', at('oras/from:1'), at('oras/to:1'))
      const subject = (await run(from, 'resolve', plain, at('oras/to:1'))).trim()
      expect(subject).toBe((await run(from, 'resolve', plain, at('oras/from:1'))).trim())
      const { referrers } = (await json(from, 'discover', plain, at('oras/to:1'))) as Discovered
      expect(referrers).toMatchObject([{ artifactType: 'test/along' }])
    })

    test('an index with its images from a layout and back', async () => {
      const layout = createLayout(join(fresh(), 'layout'))
      const back = join(fresh(), 'layout')
      layout.tag(layout.addIndex(['amd64', 'arm64'].map((architecture) => layout.addImage(3, 40_000, architecture))), 'all')
      await run(folder.path, 'cp', '--from-oci-layout', '--to-plain-http', `${layout.path}:all`, at('oras/index:1'))
      await run(folder.path, 'cp', '--from-plain-http', '--to-oci-layout', at('oras/index:1'), `${back}:all`)
      expect(blobsOf(back)).toEqual(blobsOf(layout.path))
    })

    test('a tag that looks like a digest is a tag', async () => {
      const from = files({ 'a.txt': 'dashed' })
      await run(from, 'push', plain, at('oras/dashed:1'), 'a.txt')
      const digest = (await run(from, 'resolve', plain, at('oras/dashed:1'))).trim()
      expect((await run(from, 'resolve', plain, at(`oras/dashed@${digest}`))).trim()).toBe(digest)
      const dashed = at(`oras/dashed:${digest.replace(':', '-')}`)
      const missing = await runProgram([oras, 'resolve', plain, dashed], options(from))
      expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('not found')])
      await run(from, 'tag', plain, at('oras/dashed:1'), digest.replace(':', '-'))
      expect((await run(from, 'resolve', plain, dashed)).trim()).toBe(digest)
    })

    test('an artifact without a configuration: the empty blob is there, and may be pushed again', async () => {
      const from = files({ 'a.txt': 'again' })
      const created = 'org.opencontainers.image.created=2026-01-01T00:00:00Z'
      const artifact = ['push', plain, '--artifact-type', 'a/b', '--annotation', created]
      const push = async () => (await json(from, ...artifact, at('oras/again:1'), 'a.txt')) as Discovered
      const { digest } = await push()
      expect((await push()).digest).toBe(digest)
      await run(from, 'blob', 'fetch', plain, '--output', 'empty', at(`oras/again@${digestOf('{}')}`))
      expect(readFileSync(join(from, 'empty'), 'utf8')).toBe('{}')
    })

    test('a repository is saved to a file with all that refers to it, and restored elsewhere', async () => {
      const from = files({ 'a.txt': 'kept', 'b.txt': 'along' })
      for (const tag of ['1', '2']) await run(from, 'push', plain, '--annotation', `tag=${tag}`, at(`oras/saved:${tag}`), 'a.txt')
      await run(from, 'attach', plain, '--artifact-type', 'test/along', at('oras/saved:2'), 'b.txt')
      await run(from, 'backup', plain, '--include-referrers', '--output', 'saved.tar', at('oras/saved'))
      await run(from, 'restore', plain, '--input', 'saved.tar', at('oras/restored'))
      expect(await lines('repo', 'tags', plain, at('oras/restored'))).toEqual(['1', '2'])
      const resolve = (name: string) => run(from, 'resolve', plain, at(name))
      for (const tag of ['1', '2']) expect(await resolve(`oras/restored:${tag}`)).toBe(await resolve(`oras/saved:${tag}`))
      const { referrers } = (await json(from, 'discover', plain, at('oras/restored:2'))) as Discovered
      expect(referrers).toMatchObject([{ artifactType: 'test/along' }])
    })

    test('single blobs are pushed, fetched and deleted', async () => {
      const content = randomBytes(100_000)
      const from = files({ blob: content })
      const blob = at(`oras/blob@${digestOf(content)}`)
      await run(from, 'blob', 'push', plain, at('oras/blob'), 'blob')
      await run(from, 'blob', 'fetch', plain, '--output', 'fetched', blob)
      expect(digestOf(readFileSync(join(from, 'fetched')))).toBe(digestOf(content))
      await run(from, 'blob', 'delete', plain, '--force', blob)
      const gone = await runProgram([oras, 'blob', 'fetch', plain, '--output', 'again', blob], options(from))
      expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('not found')])
    })

    test('an artifact of more than 100 MB in 20 files', async () => {
      const contents = Object.fromEntries(Array.from({ length: 20 }, (_, file) => [`file-${file}`, randomBytes(5.5 * 1024 ** 2)]))
      const [from, to] = [files(contents), fresh()]
      await run(from, 'push', plain, at('oras/large:1'), ...Object.keys(contents))
      await run(to, 'pull', plain, at('oras/large:1'))
      for (const [name, content] of Object.entries(contents)) {
        expect(digestOf(readFileSync(join(to, name)))).toBe(digestOf(content))
      }
    })

    test('more repositories and tags than fit on a page', async () => {
      const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
      const body = '{"schemaVersion":2,"manifests":[]}'
      const put = async (name: string) => {
        expect((await fetch(`${server().url}/v2/${name}`, { method: 'PUT', headers, body })).status).toBe(201)
      }
      const numbers = Array.from({ length: 230 }, (_, number) => String(number).padStart(3, '0'))
      for (const number of numbers) await put(`paged/r${number}/manifests/1`)
      for (const number of numbers) await put(`paged/tags/manifests/t${number}`)
      const listed = await lines('repo', 'ls', plain, new URL(server().url).host)
      expect(listed).toEqual(expect.arrayContaining(numbers.map((number) => `paged/r${number}`)))
      expect(listed).toEqual([...listed].sort())
      const tags = await lines('repo', 'tags', plain, '--last', 't099', at('paged/tags'))
      expect(tags).toEqual(numbers.slice(100).map((number) => `t${number}`))
    })
  })
})
