import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { onServer } from '../for-each-server.ts'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createCosign, type Cosign } from './cosign-key.ts'
import { describeTools } from './describe-tools.ts'
import { listReferrers, listTags } from './list-referrers.ts'
import { pushImage } from './push-image.ts'

setDefaultTimeout(120_000)

describeTools(['cosign', 'oras', 'regctl'], (paths) => {
  const folder = temporaryFolder()
  let cosign: Cosign
  beforeAll(async () => {
    cosign = await createCosign(paths.cosign, join(folder.path, 'keys'))
  })
  afterAll(folder.remove)
  const run = (...command: string[]) =>
    succeed(command, { env: { HOME: folder.path, DOCKER_CONFIG: folder.path, TMPDIR: folder.path }, cwd: folder.path })

  onServer('from one registry', (source) => {
    onServer('to another', (target) => {
      const hostOf = (server: { url: string }) => new URL(server.url).host
      /** Pushes an image and signs it in both layouts. */
      const signedImage = async (repository: string): Promise<string> => {
        const digest = await pushImage(source().url, repository, '1')
        const reference = `${hostOf(source())}/${repository}@${digest}`
        for (const layout of ['bundle', 'tag'] as const) await cosign.sign(reference, layout)
        return digest
      }
      const names = (repository: string) =>
        [`${hostOf(source())}/${repository}:1`, `${hostOf(target())}/${repository}:1`] as const
      const verifies = async (repository: string, digest: string, layout: 'bundle' | 'tag') =>
        (await cosign.verify(`${hostOf(target())}/${repository}@${digest}`, layout)).code === 0
      const referrers = async (server: { url: string }, repository: string, digest: string) =>
        (await listReferrers(server.url, repository, digest)).map((one) => one.digest)

      test('oras cp --recursive takes what refers to the image', async () => {
        const digest = await signedImage('copies/oras')
        const [from, to] = names('copies/oras')
        await run(paths.oras, 'cp', '--recursive', '--from-plain-http', '--to-plain-http', from, to)
        expect(await verifies('copies/oras', digest, 'bundle')).toBe(true)
        expect(await referrers(target(), 'copies/oras', digest)).toEqual(await referrers(source(), 'copies/oras', digest))
        // The older layout is a tag like any other, which nobody asked it to copy.
        expect(await verifies('copies/oras', digest, 'tag')).toBe(false)
      })

      test('regctl image copy --referrers --digest-tags takes both', async () => {
        const digest = await signedImage('copies/regctl')
        for (const server of [source(), target()]) {
          await run(paths.regctl, 'registry', 'set', hostOf(server), '--tls', 'disabled')
        }
        await run(paths.regctl, 'image', 'copy', '--referrers', '--digest-tags', ...names('copies/regctl'))
        for (const layout of ['bundle', 'tag'] as const) expect(await verifies('copies/regctl', digest, layout)).toBe(true)
        expect(await referrers(target(), 'copies/regctl', digest)).toEqual(await referrers(source(), 'copies/regctl', digest))
        expect(await listTags(target().url, 'copies/regctl')).toEqual(await listTags(source().url, 'copies/regctl'))
      })

      test('cosign copy takes the older layout alone', async () => {
        const digest = await signedImage('copies/cosign')
        await cosign.run('copy', '--allow-http-registry', ...names('copies/cosign'))
        expect(await verifies('copies/cosign', digest, 'tag')).toBe(true)
        expect(await referrers(source(), 'copies/cosign', digest)).toHaveLength(1)
        expect(await referrers(target(), 'copies/cosign', digest)).toEqual([])
      })

      test('oras backup and restore take what refers to the image', async () => {
        const digest = await signedImage('copies/backup')
        const [from, to] = names('copies/backup')
        await run(paths.oras, 'backup', '--plain-http', '--include-referrers', '--output', 'backup.tar', from)
        await run(paths.oras, 'restore', '--plain-http', '--input', 'backup.tar', to)
        expect(await verifies('copies/backup', digest, 'bundle')).toBe(true)
        expect(await referrers(target(), 'copies/backup', digest)).toEqual(await referrers(source(), 'copies/backup', digest))
      })
    })
  })
})
