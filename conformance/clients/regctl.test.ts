import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { listReferrers, listTags } from './list-referrers.ts'
import { pushImage } from './push-image.ts'
import { callsOf, openTap } from './tap.ts'

setDefaultTimeout(120_000)

describeTools(['regctl'], ({ regctl }) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)
  const options = () => ({ env: { HOME: folder.path, TMPDIR: folder.path }, cwd: folder.path })
  const run = (...words: string[]) => succeed([regctl, ...words], options())
  /** Runs it with a file on its standard input. */
  const feed = (file: string, ...words: string[]) =>
    succeed(['sh', '-c', 'file=$1; shift; exec "$@" <"$file"', 'sh', file, regctl, ...words], options())
  /** Tells it how to speak to a host, and returns the host. */
  const plain = async (host: string, ...settings: string[]) => {
    await run('registry', 'set', host, '--tls', 'disabled', ...settings)
    return host
  }

  forEachServer('with a registry', (server) => {
    const host = () => plain(new URL(server().url).host)

    test.each(['sha256', 'sha512'] as const)('a blob of %s goes up in chunks and comes back the same', async (algorithm) => {
      const content = randomBytes(450_000)
      writeFileSync(join(folder.path, 'blob'), content)
      const digest = digestOf(content, algorithm)
      const tap = await openTap(server().url)
      try {
        await plain(tap.host, '--blob-chunk', '100000', '--blob-max', '150000')
        expect(await feed('blob', 'blob', 'put', '--digest', digest, `${tap.host}/regctl/blob`)).toBe(`${digest}\n`)
        const heads = tap.take()
        const patches = heads.filter(({ method }) => method === 'PATCH')
        const ranges = [0, 1, 2, 3, 4].map((at) => `${at * 100_000}-${Math.min(450_000, (at + 1) * 100_000) - 1}`)
        expect(patches.map(({ headers }) => headers.get('content-range'))).toEqual(ranges)
        const begun = heads.find(({ method }) => method === 'POST')?.target ?? ''
        expect(begun.includes('digest-algorithm=sha512')).toBe(algorithm === 'sha512')
      } finally {
        tap.close()
      }
      const got = await createClient(server().url).send('GET', `/v2/regctl/blob/blobs/${digest}`)
      expect(digestOf(got.bytes, algorithm)).toBe(digest)
      await run('blob', 'get', `${await host()}/regctl/blob`, digest)
    })

    test('an answer lost on the way: the same chunk again is 416, and it goes on from there', async () => {
      const content = randomBytes(450_000)
      writeFileSync(join(folder.path, 'lost'), content)
      let patches = 0
      const tap = await openTap(server().url, ({ method }) => method === 'PATCH' && ++patches === 2)
      try {
        await plain(tap.host, '--blob-chunk', '100000', '--blob-max', '150000')
        expect(await feed('lost', 'blob', 'put', `${tap.host}/regctl/lost`)).toBe(`${digestOf(content)}\n`)
        const ranges = tap.take().flatMap(({ headers }) => headers.get('content-range') ?? [])
        expect(ranges.filter((range) => range === '100000-199999').length).toBe(2)
        expect(server().output().match(/"method":"PATCH","path":"[^"]*regctl\/lost[^"]*","status":416/g)?.length).toBe(1)
      } finally {
        tap.close()
      }
      const got = await createClient(server().url).send('GET', `/v2/regctl/lost/blobs/${digestOf(content)}`)
      expect(digestOf(got.bytes)).toBe(digestOf(content))
    })

    test('an image is named by sha512, with its blobs and what refers to it', async () => {
      await pushImage(server().url, 'regctl/source', '1')
      const image = `${await host()}/regctl/sha512:1`
      await run('image', 'mod', `${await host()}/regctl/source:1`, '--digest-algo', 'sha512', '--create', image)
      const digest = (await run('image', 'digest', image)).trim()
      expect(digest).toMatch(/^sha512:[0-9a-f]{128}$/)
      const stored = await createClient(server().url).send('GET', `/v2/regctl/sha512/manifests/${digest}`)
      expect(digestOf(stored.bytes, 'sha512')).toBe(digest)
      await run('image', 'export', image, 'sha512.tar')
      writeFileSync(join(folder.path, 'note'), 'noted')
      await feed('note', 'artifact', 'put', '--artifact-type', 'application/vnd.test', '--subject', image)
      const kinds = (await listReferrers(server().url, 'regctl/sha512', digest)).map(({ artifactType }) => artifactType)
      expect(kinds).toEqual(['application/vnd.test'])
      expect(await run('artifact', 'get', '--subject', image)).toBe('noted')
      expect(await run('artifact', 'tree', image)).toContain('application/vnd.test')
    })

    test('one tag of an image is deleted by itself', async () => {
      const digest = await pushImage(server().url, 'regctl/tags', '1')
      const tap = await openTap(server().url)
      try {
        const repository = `${await plain(tap.host)}/regctl/tags`
        await run('image', 'copy', `${repository}:1`, `${repository}:2`)
        expect(await run('tag', 'ls', repository)).toBe('1\n2\n')
        tap.take()
        await run('tag', 'delete', `${repository}:1`)
        // Without that it would push a manifest of its own over the tag, and delete that.
        expect(callsOf(tap.take()).filter((call) => !call.startsWith('GET'))).toEqual(['DELETE /v2/regctl/tags/manifests/1'])
        expect(await listTags(server().url, 'regctl/tags')).toEqual(['2'])
        expect(await run('image', 'digest', `${repository}:2`)).toBe(`${digest}\n`)
        const gone = await runProgram([regctl, 'image', 'digest', `${repository}:1`], options())
        expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('not found')])
      } finally {
        tap.close()
      }
    })

    test('an index is made of two images, copied, exported and imported', async () => {
      const digests = [await pushImage(server().url, 'regctl/index', 'a'), await pushImage(server().url, 'regctl/index', 'b')]
      const repository = `${await host()}/regctl/index`
      const index = `${repository}:all`
      const refs = digests.flatMap((digest) => ['--ref', `${repository}@${digest}`])
      await run('index', 'create', index, ...refs)
      const digest = (await run('image', 'digest', index)).trim()
      await run('image', 'copy', index, `${await host()}/regctl/index-copy:all`)
      await run('image', 'export', index, 'index.tar')
      await run('image', 'import', `${await host()}/regctl/index-import:all`, 'index.tar')
      for (const copy of ['index-copy', 'index-import']) {
        const answer = await createClient(server().url).send('HEAD', `/v2/regctl/${copy}/manifests/all`)
        expect(answer.headers.get('docker-content-digest')).toBe(digest)
      }
      const repositories = (await run('repo', 'ls', await host())).split('\n')
      expect(repositories).toEqual(expect.arrayContaining(['regctl/index', 'regctl/index-copy', 'regctl/index-import']))
    })
  })
})
