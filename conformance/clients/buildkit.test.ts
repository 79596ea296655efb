import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { runProgram } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import type { Descriptor } from './oci-layout.ts'
import { startDaemon, type Daemon } from './private-daemon.ts'
import { writeSmallContext } from './small-context.ts'
import { openTap } from './tap.ts'

setDefaultTimeout(120_000)

// $1: folder, $2: name of the cgroup above those of the builds, $3: buildkitd, $4: buildctl
const script = `
set -eu
echo '
[worker.oci]
  snapshotter = "native"
  networkMode = "host"
  binary = "runc"
  defaultCgroupParent = "/'"$2"'"
[worker.containerd]
  enabled = false' >"$1/buildkitd.toml"
"$3" --config "$1/buildkitd.toml" --root "$1/root" --addr "unix://$1/socket" </dev/null >"$1/log" 2>&1 &
until [ -S "$1/socket" ] && "$4" --addr "unix://$1/socket" debug workers >/dev/null 2>&1; do
  kill -0 $! 2>/dev/null || { cat "$1/log" >&2; exit 1; }
  sleep 0.05
done
echo "$1"
cat >/dev/null
`

describeTools(['buildctl', 'buildkitd'], (paths) => {
  const folder = temporaryFolder()
  let daemon: Daemon
  beforeAll(async () => {
    await writeSmallContext(join(folder.path, 'context'), 'hello')
    daemon = await startDaemon(script, [paths.buildkitd, paths.buildctl], [dirname(paths.buildkitd)])
  })
  afterAll(async () => {
    await daemon.stop()
    folder.remove()
  })
  const control = async (...words: string[]): Promise<string> => {
    const command = [paths.buildctl, '--addr', `unix://${daemon.folder}/socket`, ...words]
    const { code, out, err } = await runProgram(command, { env: { HOME: folder.path, DOCKER_CONFIG: folder.path } })
    if (code !== 0) throw new Error(err)
    return out + err
  }
  const how = ['--frontend', 'dockerfile.v0', '--opt', 'force-network-mode=none', '--progress', 'plain']
  /** Builds the small image, pushes it, and returns the digest that was pushed with what was said meanwhile. */
  const build = async (image: string, ...words: string[]) => {
    const context = ['--local', `context=${folder.path}/context`, '--local', `dockerfile=${folder.path}/context`]
    const output = `type=image,name=${image},push=true,oci-mediatypes=true`
    const metadata = join(folder.path, 'metadata.json')
    const said = await control('build', ...how, '--metadata-file', metadata, ...context, '--output', output, ...words)
    const { 'containerimage.digest': digest } = JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>
    return { said, digest: String(digest) }
  }

  onServer('with a registry', (server) => {
    const stored = async (repository: string, reference: string) => {
      const answer = await createClient(server().url).send('GET', `/v2/${repository}/manifests/${reference}`)
      return { digest: digestOf(answer.bytes), document: jsonOf(answer) as Record<string, unknown> }
    }
    const host = () => new URL(server().url).host

    test('an index with an attestation for a platform that nobody knows', async () => {
      const { digest } = await build(`${host()}/buildkit/attested:1`, '--opt', 'attest:provenance=mode=max')
      const index = await stored('buildkit/attested', '1')
      expect([index.digest, index.document['mediaType']]).toEqual([digest, types.index])
      const [image, attestation] = index.document['manifests'] as Descriptor[]
      expect(image?.platform).toMatchObject({ os: 'linux' })
      const about = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': String(image?.digest) }
      expect(attestation).toMatchObject({ platform: { os: 'unknown', architecture: 'unknown' }, annotations: about })
      const { document } = await stored('buildkit/attested', String(attestation?.digest))
      expect(document['layers']).toMatchObject([{ mediaType: 'application/vnd.in-toto+json' }])
    })

    test.each([
      ['an index whose children are layers', 'image-manifest=false'],
      ['an image manifest', 'image-manifest=true'],
    ])('a cache is kept as %s, and found again', async (_, format) => {
      const repository = `buildkit/cache-${format.slice(-4)}`
      const cache = `type=registry,ref=${host()}/${repository}:cache`
      await control('prune', '--all')
      const first = await build(`${host()}/${repository}:1`, '--export-cache', `${cache},mode=max,oci-mediatypes=true,${format}`)
      const { document } = await stored(repository, 'cache')
      const config = { mediaType: 'application/vnd.buildkit.cacheconfig.v0' }
      if (format === 'image-manifest=true') expect(document).toMatchObject({ mediaType: types.manifest, config })
      else expect(document['manifests']).toEqual(expect.arrayContaining([expect.objectContaining(config)]))
      await control('prune', '--all')
      const cold = await build(`${host()}/${repository}:2`)
      expect(cold.said).not.toContain('CACHED')
      await control('prune', '--all')
      const warm = await build(`${host()}/${repository}:3`, '--import-cache', cache)
      expect(warm.said.match(/CACHED/g)?.length).toBe(3)
      expect(warm.digest).toBe(first.digest)
    })

    test('a base image is pulled for a build; it asks for blobs compressed anew and takes them as they are', async () => {
      const { digest } = await build(`${host()}/buildkit/base:1`)
      const tap = await openTap(server().url)
      try {
        const dockerfile = `FROM ${tap.host}/buildkit/base@${digest}\nRUN ["/bin/cat", "/etc/built"]\n`
        await Bun.write(join(folder.path, 'upon/Dockerfile'), dockerfile)
        await control('prune', '--all')
        const context = ['--local', `context=${folder.path}/upon`, '--local', `dockerfile=${folder.path}/upon`]
        expect(await control('build', ...how, ...context)).toContain(' built\n')
        const blobs = tap.take().filter(({ method, target }) => method === 'GET' && target.includes('/blobs/'))
        expect(blobs.map(({ headers }) => headers.get('accept-encoding'))).toContain('zstd;q=1.0, gzip;q=0.8, deflate;q=0.5')
      } finally {
        tap.close()
      }
    })
  })
})
