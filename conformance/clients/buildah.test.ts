import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { writeSmallContext } from './small-context.ts'

setDefaultTimeout(120_000)

describeTools(['buildah'], ({ buildah }) => {
  const folder = temporaryFolder()
  const own = (name: string) => join(folder.path, name)
  const program = () => [buildah, '--root', own('root'), '--runroot', own('run'), '--storage-driver', 'vfs']
  const options = () => ({ env: { HOME: folder.path, TMPDIR: folder.path, BUILDAH_ISOLATION: 'chroot' }, cwd: folder.path })
  const run = (...words: string[]) => succeed([...program(), ...words], options())
  const insecure = '--tls-verify=false'
  const push = async (image: string, reference: string, ...words: string[]) => {
    await run('push', insecure, '--digestfile', own('digest'), ...words, image, `docker://${reference}`)
    return readFileSync(own('digest'), 'utf8')
  }

  beforeAll(() => writeSmallContext(own('context'), 'hello'))
  afterAll(async () => {
    await run('rm', '--all')
    await run('rmi', '--all', '--force')
    folder.remove()
  })

  onServer('with a registry', (server) => {
    const host = () => new URL(server().url).host
    const stored = (repository: string, reference: string) =>
      createClient(server().url).send('GET', `/v2/${repository}/manifests/${reference}`)

    test('an image is built, pushed, built upon and pulled', async () => {
      await run('build', '--tag', 'base', own('context'))
      const digest = await push('base', `${host()}/buildah/base:1`)
      expect(digestOf((await stored('buildah/base', '1')).bytes)).toBe(digest)
      await run('rmi', '--all', '--force')
      const container = (await run('from', '--quiet', insecure, `${host()}/buildah/base@${digest}`)).trim()
      await run('run', container, '/bin/bash', '-c', 'read -r line </etc/greeting; echo "$line again" >/etc/again')
      await run('commit', '--quiet', container, 'more')
      const more = await push('more', `${host()}/buildah/more:1`)
      await run('rm', container)
      await run('rmi', '--all', '--force')
      const pulled = (await run('from', '--quiet', insecure, `${host()}/buildah/more:1`)).trim()
      expect(await run('run', pulled, '/bin/cat', '/etc/again')).toBe('hello again\n')
      expect(await run('inspect', '--format', '{{.FromImageDigest}}', pulled)).toBe(more)
      const layers = async (name: string) => (jsonOf(await stored(`buildah/${name}`, '1')) as { layers: unknown[] }).layers
      expect(await layers('more')).toEqual([...(await layers('base')), expect.anything()])
    })

    test('a manifest list with an image of the Docker format', async () => {
      await run('build', '--format', 'docker', '--tag', 'docker', own('context'))
      await run('manifest', 'create', 'all', 'docker')
      await run('manifest', 'push', insecure, '--all', 'all', `docker://${host()}/buildah/all:1`)
      const list = jsonOf(await stored('buildah/all', '1')) as Readonly<{ mediaType: string; manifests: { mediaType: string }[] }>
      expect([list.mediaType, list.manifests[0]?.mediaType]).toEqual([types.dockerList, types.dockerManifest])
      await run('rmi', '--all', '--force')
      expect((await run('pull', '--quiet', insecure, `${host()}/buildah/all:1`)).trim()).toMatch(/^[0-9a-f]{64}$/)
      const gone = await runProgram([...program(), 'pull', insecure, `${host()}/buildah/all:2`], options())
      expect([gone.code, gone.err]).toEqual([125, expect.stringContaining('manifest unknown')])
    })
  })
})
