import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { createLayout } from '../clients/oci-layout.ts'
import { runProgram, succeed } from '../run-program.ts'
import { berth, cleanEnvironment } from '../server.ts'
import { temporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(120_000)

/** /etc/docker/registry/config.yml of Debian 12, as docker-registry 2.8.2+ds1-1 installs it. */
const debianFile = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/docker-registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
auth:
  htpasswd:
    realm: basic-realm
    path: /etc/docker/registry
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`
const withoutAuth = debianFile.replace(/auth:\n( .*\n)+/, '')

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const write = (name: string, text: string): string => {
  writeFileSync(join(folder.path, name), text)
  return name
}
const place = (name: string) => join(folder.path, name)
/** What people give the container: an address, and where the files are. */
const variables = (data: string) => ({
  REGISTRY_HTTP_ADDR: '127.0.0.1:0',
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: place(data),
  BERTH_OPEN: 'true',
})

interface Running {
  readonly address: string
  output(): string
  stop(): Promise<number>
}

/** Starts one of the two programs as it stands and waits until it has said where it listens. */
async function start(name: string, command: readonly string[], env: Record<string, string>): Promise<Running> {
  const log = openSync(place(`${name}.log`), 'a')
  const child = Bun.spawn([...command], {
    cwd: folder.path,
    env: cleanEnvironment(env),
    stdin: 'ignore',
    stdout: log,
    stderr: log,
  })
  closeSync(log)
  const output = () => readFileSync(place(`${name}.log`), 'utf8')
  const stop = async (): Promise<number> => {
    child.kill('SIGTERM')
    return await child.exited
  }
  try {
    const port = await until(`${name} listens`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output()}`)
      return /(?:serving on http:\/\/|listening on )127\.0\.0\.1:(\d+)/.exec(output())?.[1]
    })
    await until(`${name} answers`, () =>
      fetch(`http://127.0.0.1:${port}/v2/`).then(
        () => true,
        () => false,
      ),
    )
    return { address: `127.0.0.1:${port}`, output, stop }
  } catch (error) {
    child.kill('SIGKILL')
    await child.exited
    throw error
  }
}

test('the file of Debian is refused as it stands, with every reason, and nothing is touched', async () => {
  write('config.yml', debianFile)
  const { code, out, err } = await runProgram([berth, 'serve', '--config', 'config.yml'], { cwd: folder.path })
  expect([code, out]).toEqual([2, ''])
  expect(err.split('\n').map((line) => line.slice(0, 52))).toEqual([
    'config.yml:4: warning: log.fields has no effect: let',
    'config.yml:22: warning: health has no effect: /ready',
    'config.yml:18: auth cannot be honoured, and ignoring',
    'Errors in the configuration: 1. Nothing was started ',
    '',
  ])
  expect(readdirSync(folder.path)).toEqual(['config.yml'])
})

test('berth config print says which line or variable gave each value', async () => {
  write('config.yml', withoutAuth)
  const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/srv/berth', REGISTRY_LOG_LEVEL: 'warn', BERTH_HTTP_DRAIN: '5s' }
  const text = await succeed([berth, 'config', 'print', '--config', 'config.yml', '--open'], { cwd: folder.path, env })
  expect(text).toContain('listen: "[::]:5000"  # config.yml:13\n')
  expect(text).toContain('data: /srv/berth  # REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY\n')
  expect(text).toContain('open: true  # flag --open\n')
  expect(text).toContain('drain: 5s  # BERTH_HTTP_DRAIN\n')
  expect(text).toContain('level: warn  # REGISTRY_LOG_LEVEL\n')
  expect(text).toContain('expiry: 24h  # default\n')
})

describeTools(['docker-registry', 'skopeo'], ({ 'docker-registry': registry, skopeo }) => {
  const command = {
    distribution: (file: string) => [registry, 'serve', file],
    berth: (file: string) => [berth, 'serve', '--config', file],
  }

  test('what keeps people out of distribution keeps Berth from starting', async () => {
    write('config.yml', debianFile)
    const distribution = await start('distribution', command.distribution('config.yml'), variables('old'))
    try {
      expect((await fetch(`http://${distribution.address}/v2/`)).status).toBe(401)
    } finally {
      await distribution.stop()
    }
    const { code, err } = await runProgram(command.berth('config.yml'), { cwd: folder.path, env: variables('new') })
    expect([code, err]).toEqual([2, expect.stringContaining('config.yml:18: auth cannot be honoured')])
    expect(readdirSync(folder.path)).not.toContain('new')
  })

  test.each([
    ['with its file', 'config.yml'],
    ['by variables alone', undefined],
  ])('both start %s and take the same image', async (_, name) => {
    const file = name === undefined ? undefined : write(name, withoutAuth)
    // Distribution does not start without any file; this one says nothing.
    const empty = write('empty.yml', 'version: 0.1\n')
    const distribution = await start('distribution', command.distribution(file ?? empty), variables('old'))
    const mine = file === undefined ? [berth, 'serve'] : command.berth(file)
    const server = await start('berth', mine, variables('new')).catch(async (error: unknown) => {
      await distribution.stop()
      throw error
    })
    try {
      const layout = createLayout(place('layout'))
      const image = layout.addImage(2, 10_000)
      layout.tag(image, 'one')
      const home = { env: { HOME: folder.path, TMPDIR: folder.path }, cwd: folder.path }
      const push = ['--insecure-policy', 'copy', '--dest-tls-verify=false', '--preserve-digests', `oci:${layout.path}:one`]
      await succeed([skopeo, ...push, `docker://${distribution.address}/team/app:1.0`], home)
      // The line of docs/guide/from-distribution.md.
      const sync = ['sync', '--all', '--src', 'docker', '--dest', 'docker', '--src-tls-verify=false', '--dest-tls-verify=false']
      await succeed([skopeo, '--insecure-policy', ...sync, `${distribution.address}/team/app`, `${server.address}/team`], home)
      for (const { address } of [distribution, server]) {
        const answer = await fetch(`http://${address}/v2/team/app/manifests/1.0`, { headers: { accept: image.mediaType } })
        expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([200, image.digest])
      }
    } finally {
      await distribution.stop()
      expect(await server.stop()).toBe(0)
    }
    const { code, out, err } = await runProgram([berth, 'serve'], { cwd: folder.path, env: variables('old') })
    expect([code, out]).toEqual([1, ''])
    expect(err).toStartWith(`berth: cannot start: the data directory ${place('old')} holds the files of another registry program`)
    expect(readdirSync(place('old'))).toEqual(['docker'])
  })
})
