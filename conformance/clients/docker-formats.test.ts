import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { freshBytes, types } from '../oci/content.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { buildSmallImage, type Archive } from './docker-archives.ts'
import { startDocker, type Docker } from './docker-daemon.ts'
import { describeTools } from './describe-tools.ts'
import { pushImage } from './push-image.ts'
import { callsOf, openTap } from './tap.ts'

setDefaultTimeout(180_000)

describeTools(['docker', 'dockerd'], (paths) => {
  const folder = temporaryFolder()
  let docker: Docker
  let small: Archive
  beforeAll(async () => {
    docker = await startDocker(paths.dockerd, paths.docker)
    small = await buildSmallImage(docker, join(folder.path, 'small'), 'hello')
  })
  afterAll(async () => {
    folder.remove()
    await docker.stop()
  })

  onServer('with a registry', (server) => {
    test('a push: chunked PATCH without a word about it, an empty PUT; a pull: HEAD first', async () => {
      const tap = await openTap(server().url)
      try {
        const image = `${tap.host}/docker/tapped:1`
        await docker.run('tag', small.id, image)
        await docker.run('push', image)
        const heads = tap.take()
        const patches = heads.filter(({ method }) => method === 'PATCH')
        expect(patches.length).toBe(4)
        for (const { headers } of patches) {
          const said = ['transfer-encoding', 'content-length', 'content-range', 'content-type'].map((name) => headers.get(name))
          expect(said).toEqual(['chunked', null, null, null])
        }
        const puts = heads.filter(({ method, target }) => method === 'PUT' && target.includes('/uploads/'))
        expect(puts.map(({ headers }) => headers.get('content-length'))).toEqual(Array(4).fill('0'))
        await docker.run('image', 'rm', '--force', image)
        await docker.run('pull', image)
        expect(callsOf(tap.take()).filter((call) => call.includes('/manifests/'))[0]).toBe('HEAD /v2/docker/tapped/manifests/1')
      } finally {
        tap.close()
      }
    })

    test('an index with an attestation beside the image, as newer engines push it', async () => {
      const client = createClient(server().url)
      const image = await pushImage(server().url, 'docker/attested', 'image')
      const sizeOf = async (digest: string) => (await client.send('GET', `/v2/docker/attested/manifests/${digest}`)).bytes.length
      const statement = await client.pushBlob('docker/attested', freshBytes(100))
      const layer = { mediaType: 'application/vnd.in-toto+json', digest: statement, size: 100 }
      const config = { mediaType: types.config, digest: await client.pushBlob('docker/attested', '{}'), size: 2 }
      const manifest = JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] })
      const attestation = await client.putManifest('docker/attested', digestOf(manifest), manifest, types.manifest)
      const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image }
      const platform = { os: 'unknown', architecture: 'unknown' }
      const manifests = [
        { mediaType: types.manifest, digest: image, size: await sizeOf(image), platform: { os: 'linux', architecture: 'amd64' } },
        { mediaType: types.manifest, digest: attestation, size: await sizeOf(attestation), platform, annotations },
      ]
      const index = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests })
      const digest = await client.putManifest('docker/attested', '1', index, types.index)
      const name = `${new URL(server().url).host}/docker/attested`
      expect(await docker.run('pull', `${name}:1`)).toContain(`Digest: ${digest}\n`)
      const known = await docker.run('image', 'inspect', '--format', '{{index .RepoDigests 0}}', `${name}:1`)
      expect(known).toBe(`${name}@${digest}\n`)
    })

    test('a plugin is pushed, removed and installed again', async () => {
      const source = join(folder.path, 'plugin')
      mkdirSync(join(source, 'rootfs'), { recursive: true })
      writeFileSync(join(source, 'rootfs/file'), 'content')
      const speaks = { types: ['docker.volumedriver/1.0'], socket: 'x.sock' }
      const config = { description: 'for a test', entrypoint: ['/none'], interface: speaks }
      writeFileSync(join(source, 'config.json'), JSON.stringify(config))
      const name = `${new URL(server().url).host}/docker/plugin:1`
      await docker.run('plugin', 'create', name, source)
      await docker.run('plugin', 'push', name)
      const stored = await createClient(server().url).send('GET', '/v2/docker/plugin/manifests/1')
      expect(jsonOf(stored)).toMatchObject({ config: { mediaType: 'application/vnd.docker.plugin.v1+json' } })
      const id = await docker.run('plugin', 'inspect', '--format', '{{.Config.Description}} {{.PluginReference}}', name)
      await docker.run('plugin', 'rm', name)
      await docker.run('plugin', 'install', '--disable', '--grant-all-permissions', name)
      expect(await docker.run('plugin', 'inspect', '--format', '{{.Config.Description}} {{.PluginReference}}', name)).toBe(id)
    })
  })
})
