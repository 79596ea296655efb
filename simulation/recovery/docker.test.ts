import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSmallImage, type Archive } from '../../conformance/clients/docker-archives.ts'
import { startDocker, type Docker } from '../../conformance/clients/docker-daemon.ts'
import { describeTools } from '../../conformance/clients/describe-tools.ts'
import { createClient, expectStatus } from '../rig/client.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { runBerth, untilRecorded } from './command.ts'
import { lostRows, type Rows } from './lost-rows.ts'

setDefaultTimeout(180_000)

/** What the images print: each has a layer with a root filesystem of some MB, and two small ones. */
const greetings = ['one', 'two', 'three', 'gone']

describeTools(['docker', 'dockerd'], (paths) => {
  let folder: string
  let docker: Docker
  const archives: Archive[] = []
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-lost-docker-'))
    docker = await startDocker(paths.dockerd, paths.docker)
    for (const greeting of greetings) archives.push(await buildSmallImage(docker, join(folder, greeting), greeting))
  })
  afterAll(async () => {
    await docker.stop()
    rmSync(folder, { recursive: true })
  })

  /** Removes every image, and with it all that docker could answer a pull from. */
  const forget = async (): Promise<void> => {
    const ids = (await docker.run('image', 'ls', '--quiet')).split('\n').filter(Boolean)
    if (ids.length > 0) await docker.run('image', 'rm', '--force', ...new Set(ids))
    expect(await docker.run('image', 'ls', '--all', '--quiet')).toBe('')
  }

  describe.each(lostRows())('after its database on %s was lost', (name, create) => {
    if (create === undefined) return test.skip(`${name} (skipped: BERTH_TEST_POSTGRES is not set, npm test sets it)`, () => undefined)
    let data: string
    let rows: Rows
    let running: ServerProcess | undefined
    beforeEach(async () => {
      data = join(folder, name)
      rows = await create()
    })
    afterEach(async () => {
      if (running?.running === true) await running.kill()
      await rows.dispose()
    })

    const start = async () => {
      running = await startServer({ data, settings: rows.settings })
      const { host } = new URL(running.url)
      return { client: createClient(running.url), named: (image: string) => `${host}/${image}` }
    }
    /** Pushes the image with this greeting, and returns the digest docker reports. */
    const push = async (greeting: string, image: string): Promise<string> => {
      const { file, id } = archives[greetings.indexOf(greeting)] as Archive
      await docker.run('load', '--quiet', '--input', file)
      await docker.run('tag', id, image)
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker.run('push', image))?.[1]
      if (digest === undefined) throw new Error('docker push reported no digest')
      return digest
    }
    const berth = (...words: string[]) => runBerth(words, data, rows.settings)

    test('docker pulls and runs every image; what was deleted stays deleted', async () => {
      const { client, named } = await start()
      const digests = [await push('one', named('team/app:1')), await push('two', named('team/app:2')), await push('three', named('other/app:3'))]
      await docker.run('tag', named('team/app:1'), named('team/app:untagged'))
      await docker.run('push', named('team/app:untagged'))
      await docker.run('manifest', 'create', '--insecure', named('team/app:all'), named('team/app:2'))
      await docker.run('manifest', 'push', '--insecure', named('team/app:all'))
      const gone = await push('gone', named('team/app:gone'))
      expectStatus(await client.send('DELETE', '/v2/team/app/manifests/untagged'), 202)
      expectStatus(await client.send('DELETE', `/v2/team/app/manifests/${gone}`), 202)
      await push('three', named('team/last:marker'))
      await untilRecorded(data, 'marker')
      await running?.kill()
      await rows.lose(data)
      await forget()

      expect(await berth('rebuild-index')).toMatchObject({ code: 0, err: '' })
      const checked = await berth('fsck', '--deep', '--json')
      const codes = checked.out.trim().split('\n').map((line) => (JSON.parse(line) as { code?: string }).code)
      expect(codes.filter((code) => code !== undefined && code !== 'file-unknown')).toEqual([])

      const again = await start()
      const shown: [string, string][] = [
        ['team/app:1', 'one'],
        ['team/app:2', 'two'],
        ['team/app:all', 'two'],
        ['other/app:3', 'three'],
        ['team/last:marker', 'three'],
        [`team/app@${digests[0]}`, 'one'],
      ]
      for (const [image, greeting] of shown) {
        await forget()
        await docker.run('pull', again.named(image))
        expect(await docker.run('run', '--rm', '--network', 'none', again.named(image))).toBe(`${greeting}\nbuilt\n`)
      }
      for (const reference of ['untagged', 'gone', gone]) {
        expectStatus(await again.client.send('GET', `/v2/team/app/manifests/${reference}`), 404)
      }
      const { code, err } = await docker.attempt('pull', again.named('team/app:gone'))
      expect([code, err]).toEqual([1, expect.stringContaining('manifest unknown')])
    })
  })
})
