import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { startDocker, type Docker } from '../clients/docker-daemon.ts'
import { tarOf } from '../clients/tar.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { blocks, emptyHome } from './guide-lines.ts'
import { admin, givenPassword, onPrivateRegistry } from './private-registry.ts'
import { typeLines, type Answer } from './terminal.ts'

setDefaultTimeout(120_000)

const words = { given: givenPassword, alice: 'Slow 8 otters drift', bob: 'Nine 4 geese wander' }

describeTools(['docker', 'dockerd', 'curl'], (paths) => {
  const folder = temporaryFolder()
  let docker: Docker
  let env: Record<string, string>
  beforeAll(async () => {
    docker = await startDocker(paths.dockerd, paths.docker)
    env = { ...emptyHome(folder, { docker: paths.docker }), DOCKER_HOST: `unix://${docker.folder}/docker.sock` }
    writeFileSync(join(folder.path, 'app.tar'), tarOf('app', Buffer.from('app')))
    await docker.run('import', join(folder.path, 'app.tar'), 'app:1.0')
  })
  afterAll(async () => {
    await docker.stop()
    folder.remove()
  })

  onPrivateRegistry('from login to the first push', (registry) => {
    const type = (lines = '', ...answers: Answer[]) => {
      const { url, host } = registry()
      return typeLines(lines.replaceAll('https://registry.example', url).replaceAll('registry.example', host), answers, { cwd: folder.path, env })
    }
    const change = (user: string, before: string, after: string): Answer[] =>
      [[`of ${user}:`, before], [`password of ${user}:`, after], ['again:', after]]

    test('what the page says is all that a terminal is told', async () => {
      const [administrator, rule, user, byCurl, token, push, pipeline, asRobot] = blocks('first-push.md')
      await type(administrator, ...change('admin', admin.password, 'plum-Canoe 78 riddle'), ['first login:', words.given])
      await type(rule)
      await type(user, ...change('alice', words.given, words.alice))
      const secret = /bpt_[\w-]+/.exec(await type(token))?.[0] ?? ''
      const pushed = await type(push, ['Password:', secret])
      expect(pushed).toContain('Login Succeeded')
      expect(pushed).toMatch(/1\.0: digest: sha256:/)

      await type('berth login registry.example -u admin\nberth user create bob\n', ['of admin:', 'plum-Canoe 78 riddle'], ['first login:', words.given])
      const curl = byCurl?.replaceAll('alice', 'bob').replace('THE ONE YOU WERE GIVEN', words.given).replace('THE NEW ONE', words.bob)
      await type(curl, [`user 'bob':`, words.given])
      await type('docker login registry.example -u bob\n', ['Password:', words.bob])

      writeFileSync(join(folder.path, 'secret'), /brt_[\w-]+/.exec(await type(pipeline))?.[0] ?? '')
      expect(await type(asRobot)).toContain('Login Succeeded')
      await type('docker tag app:1.0 registry.example/team/app:2.0\ndocker push registry.example/team/app:2.0\n')
    })
  })
})
