import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { berth, cleanEnvironment } from '../server.ts'
import { temporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(180_000)

const words = { admin: 'plum-Canoe 77 riddle', given: 'Quiet 9 herons wade', alice: 'Slow 8 otters drift' }

forEachServer(
  'a server with access control and the command line',
  (server) => {
    let folder: TemporaryFolder
    beforeAll(() => {
      folder = temporaryFolder()
    })
    afterAll(() => folder.remove())

    /** Types a command; `input` is what it reads. */
    async function type(line: string, input = ''): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
      const child = Bun.spawn([berth, ...line.split(' ')], {
        cwd: folder.path,
        env: cleanEnvironment({ XDG_CONFIG_HOME: folder.path }),
        stdio: [new Blob([input]), 'pipe', 'pipe'],
        timeout: 30_000,
      })
      const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
      return { code, out, err }
    }

    const done = async (line: string, input = ''): Promise<string> => {
      const { code, out, err } = await type(line, input)
      if (code !== 0) throw new Error(`berth ${line} ended with ${code}: ${out}${err}`)
      return out
    }
    const logIn = (user: string, secret: string) => done(`login ${server().url} -u ${user} --password-stdin`, secret)

    const basic = (user: string, secret: string) => ({ authorization: `Basic ${btoa(`${user}:${secret}`)}` })
    const ask = (method: string, path: string, headers: Record<string, string>, body?: string) =>
      fetch(new URL(path, server().url), { method, headers, ...(body === undefined ? {} : { body }) })

    /** Pushes a manifest with nothing in it but its config. */
    async function push(repository: string, headers: Record<string, string>): Promise<number> {
      const config = '{}'
      const begun = await ask('POST', `/v2/${repository}/blobs/uploads/`, headers)
      if (begun.status !== 202) return begun.status
      const digest = digestOf(new TextEncoder().encode(config))
      const location = new URL(begun.headers.get('location') ?? '', server().url)
      location.searchParams.set('digest', digest)
      const sent = await ask('PUT', location.href, headers, config)
      if (sent.status !== 201) return sent.status
      const mediaType = 'application/vnd.oci.image.manifest.v1+json'
      const manifest = { schemaVersion: 2, mediaType, config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }, layers: [] }
      return (await ask('PUT', `/v2/${repository}/manifests/v1`, { ...headers, 'content-type': mediaType }, JSON.stringify(manifest))).status
    }

    test('lead from the first login to a push, and take the right away again', async () => {
      await logIn('admin', words.admin)
      await done('project create team')
      await done('user create alice --password-stdin', words.given)
      const grant = JSON.parse(await done('grant add alice developer --project team -o json')) as { id: string }
      expect((await type(`login ${server().url} -u alice --password-stdin`, 'wrong')).code).toBe(4)
      expect(await logIn('alice', words.given)).toContain('Choose a new password')
      expect((await type('project list')).code).toBe(4)
      await done('password --password-stdin', words.alice)
      expect(await done('project list')).toContain('team')
      expect((await type('project delete team')).code).toBe(4)
      expect((await type('project get nothing')).code).toBe(3)
      expect((await type('project create other')).code).toBe(4)
      const token = JSON.parse(await done('token create laptop --expires 1d -o json')) as { secret: string }
      const laptop = basic('alice', token.secret)
      expect(await push('team/app', laptop)).toBe(201)
      expect((await ask('GET', '/v2/team/app/manifests/v1', {})).status).toBe(401)
      expect(await done('access explain me push team/app:v2')).toContain('developer')

      await logIn('admin', words.admin)
      await done(`grant remove ${grant.id} --project team`)
      await until('the grant is gone everywhere', async () => (await ask('GET', '/v2/team/app/manifests/v1', laptop)).status === 403)
      expect(await done('access explain alice push team/app')).toContain('false')
      const robot = JSON.parse(await done('robot create ci --project team --allow team=content.pull -o json')) as { login: string; secret: string }
      expect((await ask('GET', '/v2/team/app/manifests/v1', basic(robot.login, robot.secret))).status).toBe(200)
      expect(await push('team/app', basic(robot.login, robot.secret))).toBe(403)
      for (const secret of [...Object.values(words), token.secret, robot.secret]) expect(server().output()).not.toContain(secret)
    })
  },
  { env: { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: words.admin } },
)
