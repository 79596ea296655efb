import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { startContainerd } from './containerd.ts'
import { describeTools } from './describe-tools.ts'
import type { Daemon } from './private-daemon.ts'
import { createLayout } from './oci-layout.ts'
import { pushImage } from './push-image.ts'
import { callsOf, openTap } from './tap.ts'

setDefaultTimeout(120_000)

describeTools(['ctr', 'containerd'], ({ ctr, containerd }) => {
  const folder = temporaryFolder()
  let daemon: Daemon
  beforeAll(async () => {
    daemon = await startContainerd(containerd)
  })
  afterAll(async () => {
    await daemon.stop()
    folder.remove()
  })
  const command = (words: string[]) => [ctr, '--address', join(daemon.folder, 'socket'), ...words]
  const run = (...words: string[]) => succeed(command(words), { env: { HOME: folder.path, TMPDIR: folder.path } })
  const pull = (reference: string, ...words: string[]) =>
    run('images', 'pull', '--plain-http', '--snapshotter', 'native', ...words, reference)
  const push = (reference: string) => run('images', 'push', '--plain-http', reference)
  const digestIn = async (reference: string) =>
    /\ssha256:[0-9a-f]{64}/.exec(await run('images', 'ls', `name==${reference}`))?.[0].trim()
  /** Removes images with all their content. */
  const forget = (...references: string[]) => run('images', 'rm', '--sync', ...references)

  onServer('with a registry', (server) => {
    const host = () => new URL(server().url).host

    test('an image is pulled by tag and by digest', async () => {
      const digest = await pushImage(server().url, 'ctr/source', '1')
      for (const reference of [`${host()}/ctr/source:1`, `${host()}/ctr/source@${digest}`]) {
        await pull(reference)
        expect(await digestIn(reference)).toBe(digest)
        await forget(reference)
      }
    })

    test('an image is pushed by a single PUT for each blob, and comes back the same', async () => {
      // What was pulled from anywhere would be mounted from there.
      const layout = createLayout(join(folder.path, 'layout'))
      const image = layout.addImage(1, 1000)
      layout.tag(image, '1')
      await succeed(['tar', '-C', layout.path, '-cf', join(folder.path, 'layout.tar'), '.'])
      const tap = await openTap(server().url)
      try {
        const to = `${tap.host}/ctr/target:1`
        await run('images', 'import', '--no-unpack', '--base-name', `${tap.host}/ctr/target`, join(folder.path, 'layout.tar'))
        await push(to)
        const heads = tap.take()
        const sent = heads.filter(({ method, target }) => method === 'PUT' && target.includes('digest='))
        expect(sent.map(({ headers }) => Number(headers.get('content-length')) > 0)).toEqual([true, true])
        // It never asks whether a registry is there, nor sends a piece of a blob.
        expect(callsOf(heads).filter((call) => /^PATCH|\/v2\/$/.test(call))).toEqual([])
        await forget(to)
        await pull(to)
        expect(await digestIn(to)).toBe(image.digest)
      } finally {
        tap.close()
      }
    })

    test('what another repository has is mounted', async () => {
      const digest = await pushImage(server().url, 'ctr/mounted', '1')
      const tap = await openTap(server().url)
      try {
        const [from, to] = [`${tap.host}/ctr/mounted:1`, `${tap.host}/ctr/elsewhere:1`]
        await pull(from)
        await run('images', 'tag', from, to)
        tap.take()
        await push(to)
        const heads = tap.take()
        const mounts = heads.filter(({ method, target }) => method === 'POST' && /mount=.*from=ctr(%2F|\/)mounted/.test(target))
        expect(mounts.length).toBe(2)
        expect(callsOf(heads).filter((call) => call.startsWith('PUT'))).toEqual(['PUT /v2/ctr/elsewhere/manifests/1'])
        const answer = await createClient(server().url).send('HEAD', '/v2/ctr/elsewhere/manifests/1')
        expect(answer.headers.get('docker-content-digest')).toBe(digest)
      } finally {
        tap.close()
      }
    })

    test('HEAD says what a tag is; a digest that is no manifest is looked for among the blobs', async () => {
      const digest = await pushImage(server().url, 'ctr/heads', '1')
      const manifest = jsonOf(await createClient(server().url).send('GET', `/v2/ctr/heads/manifests/${digest}`))
      const { config } = manifest as { config: { digest: string } }
      const tap = await openTap(server().url)
      try {
        await pull(`${tap.host}/ctr/heads:1`)
        const manifests = callsOf(tap.take()).filter((call) => call.includes('/manifests/'))
        expect(manifests).toEqual(['HEAD /v2/ctr/heads/manifests/1', `GET /v2/ctr/heads/manifests/${digest}`])
        // It finds the blob and then cannot tell what it is: not an image. What matters is that it got there.
        await runProgram(command(['content', 'fetch', '--plain-http', `${tap.host}/ctr/heads@${config.digest}`]))
        expect(callsOf(tap.take()).slice(0, 2)).toEqual([
          `HEAD /v2/ctr/heads/manifests/${config.digest}`,
          `HEAD /v2/ctr/heads/blobs/${config.digest}`,
        ])
      } finally {
        tap.close()
      }
    })

    test('as a mirror of another registry, named in ?ns=', async () => {
      const digest = await pushImage(server().url, 'ctr/mirrored', '1')
      const tap = await openTap(server().url)
      try {
        const hosts = join(folder.path, 'hosts')
        mkdirSync(join(hosts, 'mirrored.invalid'), { recursive: true })
        const toml = `server = "http://127.0.0.1:1"\n[host."http://${tap.host}"]\n  capabilities = ["pull", "resolve"]\n`
        writeFileSync(join(hosts, 'mirrored.invalid/hosts.toml'), toml)
        await run('images', 'pull', '--hosts-dir', hosts, '--snapshotter', 'native', 'mirrored.invalid/ctr/mirrored:1')
        expect(await digestIn('mirrored.invalid/ctr/mirrored:1')).toBe(digest)
        expect(new Set(tap.take().map(({ target }) => target.replace(/.*\?/, '')))).toEqual(new Set(['ns=mirrored.invalid']))
      } finally {
        tap.close()
      }
    })

    test('an index with all its images', async () => {
      const client = createClient(server().url)
      const children = await Promise.all(
        ['amd64', 'arm64'].map(async (architecture) => {
          const digest = await pushImage(server().url, 'ctr/index', architecture)
          const size = (await client.send('GET', `/v2/ctr/index/manifests/${digest}`)).bytes.length
          return { mediaType: types.manifest, digest, size, platform: { os: 'linux', architecture } }
        }),
      )
      const index = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: children })
      const digest = await client.putManifest('ctr/index', 'all', index, types.index)
      const [from, to] = [`${host()}/ctr/index:all`, `${host()}/ctr/index-copy:all`]
      await pull(from, '--all-platforms')
      await run('images', 'tag', from, to)
      await push(to)
      const answer = await client.send('HEAD', '/v2/ctr/index-copy/manifests/all')
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      await forget(from, to)
      await pull(to, '--all-platforms')
      const held = await run('content', 'ls', '--quiet')
      for (const child of children) expect(held).toContain(child.digest)
    })

    test('what is not there is reported as missing', async () => {
      await pushImage(server().url, 'ctr/known', '1')
      await pull(`${host()}/ctr/known:1`)
      const gone = await runProgram(command(['images', 'pull', '--plain-http', `${host()}/ctr/known:2`]))
      expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('not found')])
    })
  })
})
