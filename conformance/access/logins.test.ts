import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startContainerd } from '../clients/containerd.ts'
import { describeTools } from '../clients/describe-tools.ts'
import { startDocker, type Docker } from '../clients/docker-daemon.ts'
import type { Daemon } from '../clients/private-daemon.ts'
import { runProgram } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { blocks, emptyHome } from './guide-lines.ts'
import { onPrivateRegistry } from './private-registry.ts'

setDefaultTimeout(120_000)

/** They find out at the first use whether a login is right. */
const believers = ['crane', 'cosign']
const tools = ['docker', 'dockerd', 'podman', 'buildah', 'skopeo', 'crane', 'oras', 'regctl', 'helm', 'cosign', 'notation', 'ctr', 'containerd'] as const

describeTools(tools, (paths) => {
  const folder = temporaryFolder()
  let docker: Docker
  let containerd: Daemon
  let env: Record<string, string>
  beforeAll(async () => {
    docker = await startDocker(paths.dockerd, paths.docker)
    containerd = await startContainerd(paths.containerd)
    const daemons = { DOCKER_HOST: `unix://${docker.folder}/docker.sock`, CONTAINERD_ADDRESS: `${containerd.folder}/socket`, CONTAINERD_SNAPSHOTTER: 'native' }
    env = { ...emptyHome(folder, paths), ...daemons, REGISTRY_AUTH_FILE: join(folder.path, 'auth.json') }
  })
  afterAll(async () => {
    await docker.stop()
    await containerd.stop()
    folder.remove()
  })

  onPrivateRegistry('logging in as the page about clients says', (registry) => {
    test('lets each of them in with a token, and most say at once that one is wrong', async () => {
      await registry().ask('POST', 'projects', { name: 'team' })
      await registry().addImage('team/app', '1.0')
      const { password } = await registry().addToken(await registry().addUser('alice', { project: 'team', role: 'guest' }), 'clients')
      const [logins = '', ctr = ''] = blocks('clients.md', 'Log in')
      const run = (line: string) => runProgram(['sh', '-euc', line.replaceAll('127.0.0.1:5000', registry().host)], { env, cwd: folder.path })
      const lines = logins.trimEnd().split('\n')
      const surprises: string[] = []
      for (const secret of ['wrong', password]) {
        writeFileSync(join(folder.path, 'token'), secret)
        for (const line of [...lines, ctr]) {
          const { code, err, out } = await run(line)
          const fine = secret === password || believers.includes(line.split(' ')[0] ?? '') || line.startsWith('regctl registry set')
          if ((code === 0) !== fine) surprises.push(`${line}: exit code ${code}\n${out}${err}`)
        }
      }
      for (const program of ['crane digest', 'skopeo inspect --tls-verify=false', 'oras resolve --plain-http', 'regctl image digest']) {
        const name = `${program.startsWith('skopeo') ? 'docker://' : ''}${registry().host}/team/app:1.0`
        const { code, err } = await run(`${program} ${name}`)
        if (code !== 0) surprises.push(`${program}: ${err}`)
      }
      expect(surprises).toEqual([])
    })
  })
})
