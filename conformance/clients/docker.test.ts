import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { forEachServer } from '../for-each-server.ts'
import { runProgram } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'
import { buildSmallImage, largeImage, writeLargeImage, type Archive } from './docker-archives.ts'
import { describeTools } from './describe-tools.ts'
import { startDocker, type Docker } from './docker-daemon.ts'

setDefaultTimeout(180_000)

const greeting = 'hello from a root filesystem'

describeTools(['docker', 'dockerd'], (paths) => {
  const folder = temporaryFolder()
  let docker: Docker
  let [small, newer, large]: Archive[] = []
  beforeAll(async () => {
    docker = await startDocker(paths.dockerd, paths.docker)
    small = await buildSmallImage(docker, join(folder.path, 'small'), greeting)
    newer = await buildSmallImage(docker, join(folder.path, 'newer'), 'a newer one')
    large = await writeLargeImage(join(folder.path, 'large'))
  })
  afterAll(async () => {
    folder.remove()
    await docker.stop()
  })

  /** Removes every image, and with it all that docker could answer a pull from. */
  const forget = async (): Promise<void> => {
    const ids = (await docker.run('image', 'ls', '--quiet')).split('\n').filter(Boolean)
    if (ids.length > 0) await docker.run('image', 'rm', '--force', ...new Set(ids))
    expect(await docker.run('image', 'ls', '--all', '--quiet')).toBe('')
  }
  const idOf = async (image: string) => (await docker.run('image', 'inspect', '--format', '{{.Id}}', image)).trim()
  const run = (image: string, ...command: string[]) => docker.run('run', '--rm', '--network', 'none', image, ...command)

  forEachServer('with a registry', (server) => {
    const named = (name: string) => `${new URL(server().url).host}/${name}`
    /** Pushes an image and returns the digest docker reports. */
    const push = async (archive: Archive | undefined, image: string): Promise<string> => {
      if (archive === undefined) throw new Error('the image was not built')
      await docker.run('load', '--quiet', '--input', archive.file)
      await docker.run('tag', archive.id, image)
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker.run('push', image))?.[1]
      if (digest === undefined) throw new Error('docker push reported no digest')
      return digest
    }

    test('what is pushed comes back by tag and by digest, and runs', async () => {
      const image = named('library/small:1.0')
      const digest = await push(small, image)
      for (const reference of [image, `${named('library/small')}@${digest}`]) {
        await forget()
        await docker.run('pull', reference)
        expect(await idOf(reference)).toBe(String(small?.id))
        expect(await run(reference)).toBe(`${greeting}\nbuilt\n`)
      }
      expect(await run(image, '/bin/bash', '-c', 'echo $FROM_CONFIG')).toBe('yes\n')
    })

    test('a second push sends no layer again, one to another repository mounts them', async () => {
      const digest = await push(small, named('team/first:1'))
      const again = await docker.run('push', named('team/first:1'))
      expect(again.match(/Layer already exists/g)).toHaveLength(3)
      expect(again).not.toContain('Pushed')
      await docker.run('tag', named('team/first:1'), named('other/second:1'))
      const other = await docker.run('push', named('other/second:1'))
      expect(other.match(/Mounted from (team\/first|library\/small)/g)).toHaveLength(3)
      expect(other).toContain(digest)
      await forget()
      await docker.run('pull', named('other/second:1'))
      expect(await run(named('other/second:1'))).toBe(`${greeting}\nbuilt\n`)
    })

    test('a tag moves to the image pushed last; the one before stays under its digest', async () => {
      const image = named('team/moving:latest')
      const digest = await push(small, image)
      await push(newer, image)
      await forget()
      await docker.run('pull', image)
      expect(await run(image)).toBe('a newer one\nbuilt\n')
      await docker.run('pull', `${named('team/moving')}@${digest}`)
      expect(await idOf(`${named('team/moving')}@${digest}`)).toBe(String(small?.id))
    })

    test('manifest inspect and a manifest list', async () => {
      const [image, list] = [named('team/list:one'), named('team/list:all')]
      const digest = await push(small, image)
      const inspect = async (name: string): Promise<unknown> =>
        JSON.parse(await docker.run('manifest', 'inspect', '--insecure', name))
      expect(await inspect(image)).toMatchObject({ config: { digest: small?.id } })
      await docker.run('manifest', 'create', '--insecure', list, image)
      await docker.run('manifest', 'push', '--insecure', list)
      expect(await inspect(list)).toMatchObject({ manifests: [{ digest, platform: { os: 'linux' } }] })
      await forget()
      await docker.run('pull', list)
      expect(await idOf(list)).toBe(String(small?.id))
    })

    test('what is not there is reported as missing', async () => {
      await push(small, named('team/known:1'))
      const tag = await docker.attempt('pull', named('team/known:2'))
      expect([tag.code, tag.err]).toEqual([1, expect.stringContaining('manifest unknown')])
      const repository = await docker.attempt('pull', named('team/unknown:1'))
      expect([repository.code, repository.err]).toEqual([1, expect.stringContaining('not found')])
    })

    test('an image of more than 100 MB in 20 layers comes back the same', async () => {
      const image = named('team/large:1')
      await push(large, image)
      await forget()
      await docker.run('pull', image)
      expect(await idOf(image)).toBe(String(large?.id))
      const sizes = await docker.run('image', 'inspect', '--format', '{{.Size}} {{len .RootFS.Layers}}', image)
      expect(sizes).toBe(`${largeImage.size} ${largeImage.layers}\n`)
    })
  })

  test('an engine ends with the test run that started it, containers and all', async () => {
    const forever = ['run', '--detach', '--network', 'none', String(small?.id), '/bin/bash', '-c', 'while :; do :; done']
    const program = `
      const { startDocker } = await import(${JSON.stringify(import.meta.resolve('./docker-daemon.ts'))})
      const engine = await startDocker(${JSON.stringify(paths.dockerd)}, ${JSON.stringify(paths.docker)})
      await engine.run('load', '--input', ${JSON.stringify(String(small?.file))})
      await engine.run(...${JSON.stringify(forever)})
      console.log(await engine.run('info', '--format', '{{.DockerRootDir}}'))
      setInterval(() => {}, 1000)`
    const child = Bun.spawn([process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { value } = await child.stdout.getReader().read()
    const engine = join(new TextDecoder().decode(value).trim(), '..')
    expect(existsSync(join(engine, 'docker.sock'))).toBe(true)
    child.kill('SIGKILL')
    await until('the folder of the engine is gone', () => !existsSync(engine))
    const { out } = await runProgram(['ps', '-eo', 'args'])
    expect(out.split('\n').filter((line) => line.includes(engine))).toEqual([])
  })
})
