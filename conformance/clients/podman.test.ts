import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { writeSmallContext } from './small-context.ts'
import { openTap } from './tap.ts'

setDefaultTimeout(120_000)

// Containers leave the groups above theirs behind, in every hierarchy there is.
const removeGroups = `
for path in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
  if [ -d "$path" ]; then find "$path" -depth -type d -exec rmdir {} +; fi
done`

describeTools(['podman'], ({ podman }) => {
  const folder = temporaryFolder()
  const group = () => `podman-${basename(folder.path)}`
  const own = (name: string) => join(folder.path, name)
  const storage = () => ['--root', own('root'), '--runroot', own('run'), '--tmpdir', own('tmp'), '--storage-driver', 'vfs']
  const engine = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc']
  const program = () => [podman, ...storage(), ...engine]
  const options = () => ({ env: { HOME: folder.path, TMPDIR: folder.path }, cwd: folder.path })
  const run = (...words: string[]) => succeed([...program(), ...words], options())
  const insecure = '--tls-verify=false'
  /** Limits of its own: podman's are above what a container may set for itself. */
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']
  const start = (image: string) =>
    run('run', '--rm', '--log-driver', 'none', '--network', 'none', '--cgroup-parent', `/${group()}`, ...limits, image)
  const build = async (name: string, greeting: string) => {
    await writeSmallContext(own(greeting), greeting)
    await run('build', '--isolation', 'chroot', '--tag', name, own(greeting))
  }
  const push = async (image: string, reference: string, ...words: string[]) => {
    await run('push', insecure, '--digestfile', own('digest'), ...words, image, reference)
    return readFileSync(own('digest'), 'utf8')
  }
  const idOf = async (image: string) => (await run('image', 'inspect', '--format', '{{.Id}}', image)).trim()

  beforeAll(async () => {
    await build('small', 'hello')
    await build('other', 'goodbye')
  })
  afterAll(async () => {
    // Not `system reset`: that also removes networks, which belong to the machine.
    await run('rm', '--all', '--force')
    await run('image', 'rm', '--all', '--force')
    await succeed(['sh', '-c', removeGroups, 'sh', group()])
    folder.remove()
  })

  onServer('with a registry', (server) => {
    const host = () => new URL(server().url).host
    const stored = (repository: string, reference: string) =>
      createClient(server().url).send('GET', `/v2/${repository}/manifests/${reference}`)

    test('what is built and pushed comes back by tag and by digest, and runs', async () => {
      const image = `${host()}/podman/small`
      const id = await idOf('small')
      const digest = await push('small', `${image}:1.0`)
      expect(digestOf((await stored('podman/small', '1.0')).bytes)).toBe(digest)
      for (const reference of [`${image}:1.0`, `${image}@${digest}`]) {
        await run('image', 'rm', '--force', id)
        await run('pull', '--quiet', insecure, reference)
        await run('tag', id, 'small')
        expect(await idOf(reference)).toBe(id)
        expect(await start(reference)).toBe('hello\nbuilt\n')
      }
    })

    test('a missing image is reported as missing, and one beside it is found', async () => {
      await push('small', `${host()}/podman/known:1`)
      await run('pull', '--quiet', insecure, `${host()}/podman/known:1`)
      for (const [reference, words] of [['known:2', 'manifest unknown'], ['unknown:1', 'name unknown']] as const) {
        const gone = await runProgram([...program(), 'pull', insecure, `${host()}/podman/${reference}`], options())
        expect([gone.code, gone.err]).toEqual([125, expect.stringContaining(words)])
      }
    })

    test('layers compressed with zstd, as they are pushed', async () => {
      const image = `${host()}/podman/zstd:1`
      const digest = await push('other', image, '--compression-format', 'zstd')
      const manifest = jsonOf(await stored('podman/zstd', digest)) as { layers: { mediaType: string; digest: string }[] }
      // The first layer is that of `small`: once pushed with gzip it is mounted as it is.
      const [, ...layers] = manifest.layers.map(({ mediaType }) => mediaType)
      expect(layers).toEqual([`${types.layer}+zstd`, `${types.layer}+zstd`])
      const id = await idOf('other')
      await run('image', 'rm', '--force', id)
      await run('pull', '--quiet', insecure, image)
      expect(await idOf(image)).toBe(id)
      expect(await start(image)).toBe('goodbye\nbuilt\n')
    })

    test('the Docker format, and a list of both formats', async () => {
      const digest = await push('small', `${host()}/podman/docker:1`, '--format', 'v2s2')
      expect(jsonOf(await stored('podman/docker', digest))).toMatchObject({ mediaType: types.dockerManifest })
      await run('manifest', 'create', 'both')
      await run('manifest', 'add', insecure, 'both', `docker://${host()}/podman/docker:1`)
      await push('small', `${host()}/podman/oci:1`, '--format', 'oci')
      await run('manifest', 'add', insecure, 'both', `docker://${host()}/podman/oci:1`)
      const target = `docker://${host()}/podman/both:1`
      await run('manifest', 'push', insecure, '--all', '--digestfile', own('list'), 'both', target)
      const list = await stored('podman/both', '1')
      expect(digestOf(list.bytes)).toBe(readFileSync(own('list'), 'utf8'))
      const children = (jsonOf(list) as { manifests: { mediaType: string }[] }).manifests
      expect(children.map(({ mediaType }) => mediaType).sort()).toEqual([types.dockerManifest, types.manifest].sort())
      await run('pull', '--quiet', insecure, `${host()}/podman/both:1`)
      expect(await idOf(`${host()}/podman/both:1`)).toBe(await idOf('small'))
    })

    test('tags and repositories are found', async () => {
      for (const tag of ['b', 'a']) await push('small', `${host()}/podman-found/tags:${tag}`)
      const found = ['--format', '{{.Name}}', `${host()}/podman-found`]
      expect(await run('search', insecure, ...found)).toBe(`${host()}/podman-found/tags\n`)
      const tags: unknown = JSON.parse(
        await run('search', insecure, '--list-tags', '--format', 'json', `${host()}/podman-found/tags`),
      )
      expect(tags).toEqual([{ Name: `${host()}/podman-found/tags`, Tags: ['a', 'b'] }])
    })

    test('a push: a ping, PATCH with its length and no Content-Range, an empty PUT', async () => {
      const tap = await openTap(server().url)
      try {
        await push('small', `${tap.host}/podman/tapped:1`)
        const heads = tap.take()
        expect(heads.find(({ target }) => !target.startsWith('/v2/podman/'))?.target).toBe('/v2/')
        const patches = heads.filter(({ method }) => method === 'PATCH')
        expect(patches.length).toBe(4)
        for (const { headers } of patches) expect(headers.get('content-range')).toBeNull()
        // A layer is compressed while it is sent; the configuration is whole before.
        expect(patches.filter(({ headers }) => headers.has('content-length')).length).toBe(1)
        const puts = heads.filter(({ method, target }) => method === 'PUT' && target.includes('/uploads/'))
        expect(puts.map(({ headers }) => headers.get('content-length'))).toEqual(Array(4).fill('0'))
      } finally {
        tap.close()
      }
    })
  })
})
