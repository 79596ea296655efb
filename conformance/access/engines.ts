import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startContainerd } from '../clients/containerd.ts'
import { startDocker } from '../clients/docker-daemon.ts'
import { tarOf } from '../clients/tar.ts'
import { succeed, type Finished } from '../run-program.ts'
import { layoutOfThings } from './daemonless.ts'
import { inTurn, runnerIn, things, type LoginClient } from './login-client.ts'

/** Root filesystems of one file, to make images of. */
function writeArchives(folder: string): void {
  for (const thing of things) writeFileSync(join(folder, `${thing}.tar`), tarOf(thing, randomBytes(1_000)))
}

type Paths = Readonly<Record<string, string>>

export async function docker({ dockerd = '', docker: client = '' }: Paths, folder: string): Promise<LoginClient> {
  const engine = await startDocker(dockerd, client)
  writeArchives(folder)
  for (const thing of things) await engine.run('import', join(folder, `${thing}.tar`), thing)
  return {
    login: (host, username, password) => engine.feed(password, 'login', '-u', username, '--password-stdin', host),
    logout: (host) => engine.run('logout', host),
    push: (image, what) => inTurn(engine.attempt('tag', what, image), () => engine.attempt('push', image)),
    pull: (image) => engine.attempt('pull', image),
    stop: () => engine.stop(),
  }
}

export async function podman(program: string, folder: string): Promise<LoginClient> {
  const own = (name: string) => join(folder, name)
  const storage = ['--root', own('root'), '--runroot', own('run'), '--tmpdir', own('tmp'), '--storage-driver', 'vfs']
  const run = runnerIn(folder, [program, ...storage, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc'])
  const insecure = '--tls-verify=false'
  writeArchives(folder)
  // Named by REGISTRY_AUTH_FILE, it has to be there.
  writeFileSync(own('auth.json'), '{}')
  for (const thing of things) expectDone(await run(['import', own(`${thing}.tar`), thing]))
  return {
    login: (host, username, password) => run(['login', insecure, '-u', username, '--password-stdin', host], password),
    logout: (host) => run(['logout', host]),
    push: (image, what) => run(['push', insecure, what, image]),
    pull: (image) => run(['pull', insecure, image]),
    stop: async () => expectDone(await run(['image', 'rm', '--all', '--force'])),
  }
}

/** It keeps no login: what its user types stands in every command. */
export async function ctr({ ctr: client = '', containerd = '' }: Paths, folder: string): Promise<LoginClient> {
  const daemon = await startContainerd(containerd)
  const run = runnerIn(folder, [client, '--address', join(daemon.folder, 'socket'), 'images'])
  const archive = join(folder, 'layout.tar')
  await succeed(['tar', '-C', layoutOfThings(join(folder, 'layout')), '-cf', archive, '.'])
  expectDone(await run(['import', '--no-unpack', '--base-name', 'example.invalid/thing', archive]))
  let login: readonly string[] = []
  return {
    async login(_, username, password) {
      login = ['--user', `${username}:${password}`]
      return { code: 0, out: '', err: '' }
    },
    logout: async () => void (login = []),
    push: (image, what) =>
      inTurn(run(['tag', '--force', `example.invalid/thing:${what}`, image]), () => run(['push', '--plain-http', ...login, image])),
    pull: (image) => run(['pull', '--plain-http', '--snapshotter', 'native', ...login, image]),
    stop: () => daemon.stop(),
  }
}

function expectDone({ code, out, err }: Finished): void {
  if (code !== 0) throw new Error(out + err)
}
