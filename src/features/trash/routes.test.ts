import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { anonymous, byTag, repository } from '../../registry/test-registry.testing.ts'

const admin = `admin:${rootPassword}`
const [first, words] = ['Quiet 9 herons wade', 'Slow 8 otters drift']
const week = 7 * 86_400_000

forEachDatabase('the routes of the trash', (kind) => {
  let world: Awaited<ReturnType<typeof createManagementWorld>>
  beforeEach(async () => {
    world = await createManagementWorld(kind, week)
    await ok(admin, 'POST', '/projects', { name: 'team' })
  })
  afterEach(() => world.dispose())

  const ok = async (user: string, method: string, path: string, body?: unknown) => {
    const answer = await world.send(user, method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  const refused = async (user: string, method: string, path: string, body?: unknown) => {
    const { status, json } = await world.send(user, method, path, body)
    return [status, json?.code]
  }
  async function person(name: string, role?: string): Promise<string> {
    await ok(admin, 'POST', '/accounts', { name, password: first })
    await ok(`${name}:${first}`, 'PUT', '/whoami/password', { current: first, password: words })
    if (role !== undefined) await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name }, role })
    return `${name}:${words}`
  }
  const pushImage = async (name: string) => await world.pushImage(name)
  const remove = async (path: string, user = admin) => await ok(user, 'DELETE', `/projects/team/repository?path=${path}`)
  const listed = async (query = '') => (await ok(admin, 'GET', `/projects/team/trash${query}`)).items as { id: string; kind: string; path?: string }[]
  const newest = async () => (await listed())[0]?.id

  test('a repository is deleted, seen in the trash and restored', async () => {
    await pushImage('team/web/app')
    await remove('web/app')
    const id = await newest()
    const times = { deletedAt: expect.any(String) as string, purgeAt: expect.any(String) as string }
    const entry = { id, kind: 'repository', project: 'team', path: 'web/app', tags: [], cause: 'person', deletedBy: 'admin', ...times }
    expect(await ok(admin, 'GET', `/trash/${id}`)).toEqual(entry)
    expect(await refused(admin, 'DELETE', '/projects/team/repository?path=web/app')).toEqual([404, 'not-found'])
    const back = { kind: 'repository', project: 'team', path: 'web/app', tags: [], leftOut: [], manifests: [] }
    expect(await ok(admin, 'POST', `/trash/${id}/restore`)).toEqual(back)
    expect(await refused(admin, 'GET', `/trash/${id}`)).toEqual([404, 'not-found'])
    expect(await refused(admin, 'POST', `/trash/${id}/restore`)).toEqual([404, 'not-found'])
  })

  test('what stands in the way of a restore has a code that does not change', async () => {
    await pushImage('team/app')
    await remove('app')
    const id = await newest()
    await pushImage('team/app')
    expect(await refused(admin, 'POST', `/trash/${id}/restore`)).toEqual([409, 'repository-exists'])
    await ok(admin, 'DELETE', '/projects/team?force=true')
    expect(await refused(admin, 'POST', `/trash/${id}/restore`)).toEqual([409, 'project-in-trash'])
    const taken = await world.send(admin, 'POST', '/projects', { name: 'team' })
    expect([taken.status, taken.json.code]).toEqual([409, 'project-in-trash'])
    expect(taken.json.detail).toMatch(/until \d{4}-.*Z: `berth trash restore \d+` brings it back, `berth trash purge \d+` frees its name/)
  })

  test('what lies in something that is in the trash itself waits for that, and says under which number', async () => {
    await pushImage('team/app')
    await world.open.deletes.manifest(anonymous, repository('team/app'), byTag('v1'))
    const tag = await newest()
    await remove('app')
    const whole = await newest()
    // Another one of that name has nothing to do with it.
    await pushImage('team/app')
    for (const [method, path] of [['POST', `/trash/${tag}/restore`], ['DELETE', `/trash/${tag}`]] as const) {
      const answer = await world.send(admin, method, path)
      expect([answer.status, answer.json.code]).toEqual([409, 'repository-in-trash'])
      expect(answer.json.detail).toContain(`\`berth trash restore ${whole}\` first`)
    }
    await ok(admin, 'DELETE', '/projects/team?force=true')
    const project = await newest()
    for (const [method, path] of [['POST', `/trash/${tag}/restore`], ['DELETE', `/trash/${tag}`]] as const) {
      const answer = await world.send(admin, method, path)
      expect([answer.status, answer.json.code]).toEqual([409, 'project-in-trash'])
      expect(answer.json.detail).toContain(`\`berth trash restore ${project}\` first`)
    }
    await ok(admin, 'POST', `/trash/${project}/restore`)
    expect(await refused(admin, 'POST', `/trash/${tag}/restore`)).toEqual([409, 'repository-in-trash'])
  })

  test('each may do what the guide says', async () => {
    await pushImage('team/app')
    const roles = ['guest', 'developer', 'maintainer', 'project-admin']
    const people = new Map<string, string>()
    for (const role of roles) people.set(role, await person(role, role))
    const outsider = await person('outsider')
    await ok(admin, 'POST', '/accounts', { name: 'fresh', password: first })
    const as = (role: string) => people.get(role) ?? ''
    for (const role of ['guest', 'developer']) expect(await refused(as(role), 'DELETE', '/projects/team/repository?path=app')).toEqual([403, 'forbidden'])
    expect(await refused(outsider, 'DELETE', '/projects/team/repository?path=app')).toEqual([404, 'not-found'])
    await remove('app', as('maintainer'))
    const id = await newest()
    for (const [user, answer] of [['', [401, 'unauthenticated']], [outsider, [404, 'not-found']], [`fresh:${first}`, [403, 'password-change-required']]] as const) {
      expect(await refused(user, 'GET', `/trash/${id}`)).toEqual([...answer])
      expect(await refused(user, 'POST', `/trash/${id}/restore`)).toEqual([...answer])
      expect(await refused(user, 'DELETE', `/trash/${id}`)).toEqual([...answer])
    }
    expect(await refused(outsider, 'GET', `/trash/1000000`)).toEqual([404, 'not-found'])
    for (const role of ['guest', 'developer']) {
      for (const [method, path] of [['GET', ''], ['POST', '/restore'], ['DELETE', '']] as const) {
        expect(await refused(as(role), method, `/trash/${id}${path}`)).toEqual([403, 'forbidden'])
      }
      expect(await refused(as(role), 'GET', '/projects/team/trash')).toEqual([403, 'forbidden'])
    }
    expect(await refused(as('maintainer'), 'DELETE', `/trash/${id}`)).toEqual([403, 'forbidden'])
    await ok(as('maintainer'), 'POST', `/trash/${id}/restore`)
    await remove('app', as('maintainer'))
    expect((await world.send(as('project-admin'), 'DELETE', `/trash/${await newest()}`)).status).toBe(204)
    await ok(as('project-admin'), 'DELETE', '/projects/team?force=true')
    const project = await newest()
    expect(await refused(as('maintainer'), 'POST', `/trash/${project}/restore`)).toEqual([403, 'forbidden'])
    expect(await refused(as('maintainer'), 'DELETE', `/trash/${project}`)).toEqual([403, 'forbidden'])
    expect(await ok(as('project-admin'), 'POST', `/trash/${project}/restore`)).toMatchObject({ kind: 'project', project: 'team' })
    expect((await ok(as('guest'), 'GET', '/projects/team')).state).toBe('live')
  })

  test('a rule about tags holds for their whole repository', async () => {
    await pushImage('team/app')
    const maintainer = await person('maintainer', 'maintainer')
    await ok(admin, 'POST', '/projects/team/tag-rules', { tags: 'v*', roles: ['project-admin'] })
    const answer = await world.send(maintainer, 'DELETE', '/projects/team/repository?path=app')
    expect([answer.status, answer.json.detail]).toEqual([403, 'you may not delete the tags of team/app: tag rule v*: only project-admin'])
    await remove('app')
  })

  test('who has a part of a project sees and restores that part', async () => {
    for (const path of ['web/app', 'other']) await pushImage(`team/${path}`)
    const user = await person('web')
    await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name: 'web' }, role: 'maintainer', pattern: 'web/*' })
    for (const path of ['web/app', 'other']) await remove(path)
    const [other, web] = (await listed()).map(({ id }) => id)
    expect(await refused(user, 'GET', '/projects/team/trash')).toEqual([403, 'forbidden'])
    expect(await refused(user, 'GET', `/trash/${other}`)).toEqual([404, 'not-found'])
    await ok(user, 'POST', `/trash/${web}/restore`)
  })

  test('a robot is refused while its project is in the trash, and good again when it is back', async () => {
    const { login, secret } = await ok(admin, 'POST', '/projects/team/robots', { name: 'ci', rights: [{ project: 'team', permissions: ['content.pull'] }] })
    const robot = `${login as string}:${secret as string}`
    expect((await world.send(robot, 'GET', '/whoami')).status).toBe(200)
    await ok(admin, 'DELETE', '/projects/team')
    expect((await world.send(robot, 'GET', '/whoami')).status).toBe(401)
    await ok(admin, 'POST', `/trash/${await newest()}/restore`)
    expect((await world.send(robot, 'GET', '/whoami')).status).toBe(200)
  })

  test('is listed page by page, the newest first, and by kind', async () => {
    for (let n = 1; n <= 5; n++) {
      await pushImage(`team/app-${n}`)
      await remove(`app-${n}`)
    }
    const paths: (string | undefined)[] = []
    let cursor = ''
    do {
      const page = await ok(admin, 'GET', `/projects/team/trash?limit=2${cursor}`)
      paths.push(...(page.items as { path?: string }[]).map(({ path }) => path))
      cursor = page.next === undefined ? '' : `&cursor=${page.next as string}`
    } while (cursor !== '')
    expect(paths).toEqual(['app-5', 'app-4', 'app-3', 'app-2', 'app-1'])
    expect(await listed('?kind=tag')).toEqual([])
    expect(await listed('?kind=repository')).toHaveLength(5)
    expect((await listed('?repository=app-3')).map(({ path }) => path)).toEqual(['app-3'])
    await pushImage('team/app-3')
    await world.open.deletes.manifest(anonymous, repository('team/app-3'), byTag('v1'))
    expect((await listed('?repository=app-3')).map(({ kind }) => kind)).toEqual(['tag'])
  })

  test('is found under the present name of its project, and under the former ones', async () => {
    for (const path of ['app', 'old']) await pushImage(`team/${path}`)
    await remove('app')
    await ok(admin, 'POST', '/projects/team/rename', { name: 'crew' })
    await ok(admin, 'DELETE', '/projects/team/repository?path=old')
    const entries = (await ok(admin, 'GET', '/projects/team/trash')).items as { id: string; project: string; path: string }[]
    expect(entries.map(({ project, path }) => [project, path])).toEqual([['crew', 'old'], ['crew', 'app']])
    for (const { id, path } of entries) expect(await ok(admin, 'POST', `/trash/${id}/restore`)).toMatchObject({ project: 'crew', path })
  })

  test('bad input is named', async () => {
    for (const id of ['0', '-1', 'x', '1e3', '9'.repeat(16)]) expect(await refused(admin, 'GET', `/trash/${id}`)).toEqual([404, 'not-found'])
    for (const path of ['No', '..', 'a//b', 'a/', '*']) {
      expect((await world.send(admin, 'DELETE', `/projects/team/repository?path=${path}`)).json).toMatchObject({ code: 'malformed', errors: [{ at: 'path' }] })
    }
    expect((await world.send(admin, 'DELETE', '/projects/team/repository')).json).toMatchObject({ code: 'malformed', errors: [{ at: 'path' }] })
    expect((await world.send(admin, 'GET', '/projects/team/trash?kind=robot')).json).toMatchObject({ code: 'malformed', errors: [{ at: 'kind' }] })
    expect(await refused(admin, 'GET', '/projects/team/trash?cursor=x')).toEqual([400, 'cursor-invalid'])
    expect(await refused(admin, 'GET', '/projects/nobody/trash')).toEqual([404, 'not-found'])
  })
})
