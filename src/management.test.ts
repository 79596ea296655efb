import { afterEach, beforeEach, expect, test } from 'bun:test'
import { isPermission } from './access/index.ts'
import { forEachDatabase } from './database/for-each-database.testing.ts'
import type { Route } from './api/index.ts'
import { managementRoutes, type ManagementDeps } from './management.ts'
import { createManagementWorld, rootPassword } from './management.testing.ts'

type World = Awaited<ReturnType<typeof createManagementWorld>>

const admin = `admin:${rootPassword}`
const words = 'Quiet 9 herons wade'
const newWords = 'Slow 8 otters drift'

test('every route needs a permission of the table, or says what else; ids and places are told once', () => {
  const routes = managementRoutes({} as ManagementDeps)
  for (const { id, needs } of routes) expect([id, isPermission(needs) || ['own', 'own-password', 'new-password', 'anybody'].includes(needs)]).toEqual([id, true])
  expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length)
  expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length)
  // A permission of projects is asked for in the project that the path names.
  for (const { id, path, place } of routes) {
    const asked = place({ project: 'team', account: 'x', robot: 'x' }, {}).project
    expect([id, asked]).toEqual([id, path.startsWith('/projects/{project}') ? 'team' : id === 'explainOwnAccess' ? undefined : asked && 'team'])
  }
})

forEachDatabase('the management API', (kind) => {
  let world: World
  beforeEach(async () => {
    world = await createManagementWorld(kind)
  })
  afterEach(() => world.dispose())

  const ok = async (user: string, method: string, path: string, body?: unknown) => {
    const answer = await world.send(user, method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  const statusOf = async (user: string, method: string, path: string, body?: unknown) => (await world.send(user, method, path, body)).status

  /** An account that has chosen its password. */
  async function person(name: string): Promise<string> {
    await ok(admin, 'POST', '/accounts', { name, password: words })
    await ok(`${name}:${words}`, 'PUT', '/whoami/password', { current: words, password: newWords })
    return `${name}:${newWords}`
  }

  test('a new person may do nothing but choose a password', async () => {
    const made = await ok(admin, 'POST', '/accounts', { name: 'bob', password: words, email: 'bob@example.org' })
    expect(made).toMatchObject({ name: 'bob', email: 'bob@example.org', mustChange: true, state: 'active', source: 'local' })
    expect(JSON.stringify(made)).not.toMatch(/argon|hash|version/i)
    const bob = `bob:${words}`
    expect((await ok(bob, 'GET', '/whoami')).mustChange).toBe(true)
    for (const path of ['/tokens', '/projects']) expect((await world.send(bob, 'GET', path)).json.code).toBe('password-change-required')
    expect(await statusOf(bob, 'PUT', '/whoami/password', { current: 'wrong', password: newWords })).toBe(403)
    expect(await statusOf(bob, 'PUT', '/whoami/password', { current: words, password: 'bob' })).toBe(422)
    await ok(bob, 'PUT', '/whoami/password', { current: words, password: newWords })
    expect(await statusOf(bob, 'GET', '/whoami')).toBe(401)
    expect(await ok(`bob:${newWords}`, 'GET', '/whoami')).toEqual({ kind: 'account', name: 'bob', credential: 'password', mustChange: false, narrowed: false, groups: [] })
  })

  test('accounts are made of lines of htpasswd, by whoever may make accounts', async () => {
    const htpasswd = `carol:$2y$05$${'a'.repeat(53)}\nEve:$2y$05$${'a'.repeat(53)}\ndave:plain`
    const bob = await person('bob')
    expect(await statusOf(bob, 'POST', '/account-imports', { htpasswd })).toBe(403)
    const skipped = [{ line: 2, reason: 'name' }, { line: 3, reason: 'hash' }]
    expect(await ok(admin, 'POST', '/account-imports', { htpasswd })).toEqual({ imported: ['carol'], skipped })
    expect(await ok(admin, 'GET', '/accounts/carol')).toMatchObject({ source: 'local', state: 'active', mustChange: false })
    expect(await statusOf(admin, 'POST', '/account-imports', { htpasswd: 'x'.repeat(15 * 1024 + 1) })).toBe(400)
  })

  test('a project is seen by whoever was granted it, and by nobody else', async () => {
    const bob = await person('bob')
    await ok(admin, 'POST', '/projects', { name: 'team' })
    const hidden = await world.send(bob, 'GET', '/projects/team')
    const absent = await world.send(bob, 'GET', '/projects/nothing')
    expect([hidden.status, hidden.text]).toEqual([404, absent.text])
    expect((await ok(bob, 'GET', '/projects')).items).toEqual([])
    await ok(admin, 'POST', '/groups', { name: 'dev' })
    await ok(admin, 'PUT', '/groups/dev/members/bob')
    const { id } = await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'group', name: 'dev' }, role: 'developer' })
    expect((await ok(bob, 'GET', '/projects')).items).toMatchObject([{ name: 'team', visibility: 'private', state: 'live' }])
    expect((await ok(bob, 'GET', '/whoami')).groups).toEqual(['dev'])
    const refused = await world.send(bob, 'PATCH', '/projects/team', { visibility: 'public' })
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden'])
    expect((await ok(admin, 'GET', '/projects/team/grants')).items).toMatchObject([{ subject: { kind: 'account', name: 'admin' } }, { id, subject: { kind: 'group', name: 'dev' }, role: 'developer', pattern: '*' }])
    await ok(admin, 'DELETE', `/projects/team/grants/${id}`)
    expect(await statusOf(bob, 'GET', '/projects/team')).toBe(404)
  })

  test('a project is changed, renamed, archived and deleted', async () => {
    const { headers } = await world.send(admin, 'POST', '/projects', { name: 'team', visibility: 'internal' })
    expect(headers.get('location')).toBe('/api/v1/projects/team')
    expect((await world.send(admin, 'POST', '/projects', { name: 'team' })).json).toMatchObject({ status: 409, code: 'project-exists' })
    const etag = (await world.send(admin, 'GET', '/projects/team')).headers.get('etag') ?? ''
    expect(await ok(admin, 'PATCH', '/projects/team', { state: 'frozen' })).toMatchObject({ state: 'frozen', visibility: 'internal' })
    expect((await world.send(admin, 'PATCH', '/projects/team', { state: 'live' }, { 'if-match': etag })).status).toBe(412)
    expect((await ok(admin, 'POST', '/projects/team/rename', { name: 'crew' })).name).toBe('crew')
    expect(await statusOf(admin, 'DELETE', '/projects/crew')).toBe(204)
    expect(await statusOf(admin, 'GET', '/projects/crew')).toBe(404)
  })

  test('a renamed project is found under its old name, by whoever may see it, until another one takes that', async () => {
    const bob = await person('bob')
    await ok(admin, 'POST', '/projects', { name: 'team' })
    const rights = (project: string) => [{ project, permissions: ['content.pull'] }]
    await ok(admin, 'POST', '/projects/team/robots', { name: 'ci', rights: rights('team') })
    await ok(admin, 'POST', '/projects/team/rename', { name: 'crew' })
    expect(await ok(admin, 'GET', '/projects/team')).toMatchObject({ name: 'crew' })
    expect((await world.send(bob, 'GET', '/projects/team')).text).toBe((await world.send(bob, 'GET', '/projects/nothing')).text)
    expect(await ok(bob, 'GET', '/whoami/access/team?action=pull')).toEqual(await ok(bob, 'GET', '/whoami/access/nothing?action=pull'))
    await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name: 'bob' }, role: 'guest' })
    await ok(admin, 'POST', '/projects/crew/grants', { subject: { kind: 'robot', name: 'team+robot$ci' }, role: 'guest' })
    expect((await ok(admin, 'GET', '/projects/crew/grants')).items.length).toBe(3)
    expect(await ok(admin, 'GET', '/projects/team/robots/ci')).toMatchObject({ login: 'crew+robot$ci' })
    expect(await ok(admin, 'PATCH', '/projects/team/robots/ci', { rights: rights('team') })).toMatchObject({ rights: rights('crew') })
    expect(await ok(admin, 'GET', '/projects/team/access?who=team%2Brobot%24ci&action=pull&path=app')).toMatchObject({ allowed: true })
    await ok(bob, 'POST', '/tokens', { name: 'ci', kind: 'personal', project: 'team' })
    expect((await ok(bob, 'GET', '/tokens')).items).toMatchObject([{ project: 'crew' }])
    expect(await ok(admin, 'PATCH', '/projects/team', { visibility: 'public' })).toMatchObject({ name: 'crew', visibility: 'public' })
    await ok(admin, 'POST', '/projects', { name: 'team' })
    expect(await ok(admin, 'GET', '/projects/team')).toMatchObject({ name: 'team', visibility: 'private' })
    expect(await statusOf(admin, 'GET', '/projects/team/robots/ci')).toBe(404)
  })

  test('a robot gets no more than its maker has, and its secret is shown once', async () => {
    const bob = await person('bob')
    await ok(admin, 'POST', '/projects', { name: 'team' })
    await ok(admin, 'POST', '/roles', { name: 'robots', permissions: ['robot.read', 'robot.write', 'content.pull', 'project.read'] })
    await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name: 'bob' }, role: 'robots' })
    const right = (...permissions: string[]) => ({ project: 'team', pattern: 'web/*', permissions })
    expect((await world.send(bob, 'POST', '/projects/team/robots', { name: 'ci', rights: [right('content.push')] })).json.code).toBe('wider')
    const made = await ok(bob, 'POST', '/projects/team/robots', { name: 'ci', rights: [right('content.pull')], expiresIn: 3600 })
    expect(made).toMatchObject({ name: 'ci', login: 'team+robot$ci' })
    const robot = `team+robot$ci:${made.secret}`
    expect(await ok(robot, 'GET', '/whoami')).toMatchObject({ kind: 'robot', name: 'team+robot$ci' })
    expect(await ok(bob, 'GET', '/projects/team/robots/ci')).toMatchObject({ rights: [{ project: 'team', pattern: 'web/*', permissions: ['content.pull'] }] })
    expect((await world.send(bob, 'GET', '/projects/team/robots/ci')).text).not.toContain(made.secret)
    const rotated = await ok(bob, 'POST', '/projects/team/robots/ci/rotate', { overlap: 0 })
    expect(await statusOf(robot, 'GET', '/whoami')).toBe(401)
    expect(await statusOf(`team+robot$ci:${rotated.secret}`, 'GET', '/whoami')).toBe(200)
    expect(await statusOf(`team+robot$ci:${rotated.secret}`, 'GET', '/tokens')).toBe(403)
    expect(await statusOf(bob, 'POST', '/robots', { name: 'all', rights: [{ permissions: ['content.pull'] }] })).toBe(403)
    await ok(bob, 'PATCH', '/projects/team/robots/ci', { state: 'disabled' })
    expect(await statusOf(`team+robot$ci:${rotated.secret}`, 'GET', '/whoami')).toBe(401)
    await ok(bob, 'DELETE', '/projects/team/robots/ci')
    expect(await statusOf(bob, 'GET', '/projects/team/robots/ci')).toBe(404)
  })

  test('a token stands for its owner, and makes no other', async () => {
    const bob = await person('bob')
    const all = await ok(bob, 'POST', '/tokens', { name: 'laptop' })
    const narrow = await ok(bob, 'POST', '/tokens', { name: 'pulls', permissions: ['content.pull'], expiresIn: 60 })
    const now = world.clock.now()
    const key = await ok(bob, 'POST', '/tokens', { name: 'now', kind: 'key' })
    expect(Date.parse(key.expiresAt)).toBe(now + 15 * 60_000)
    expect((await ok(`bob:${all.secret}`, 'GET', '/tokens')).items.map(({ name }: { name: string }) => name)).toEqual(['laptop', 'pulls', 'now'])
    expect(await statusOf(`bob:${all.secret}`, 'POST', '/tokens', { name: 'more' })).toBe(403)
    expect(await statusOf(`bob:${all.secret}`, 'PUT', '/whoami/password', { current: newWords, password: words })).toBe(403)
    expect(await statusOf(`bob:${narrow.secret}`, 'GET', '/tokens')).toBe(403)
    expect((await ok(`bob:${narrow.secret}`, 'GET', '/whoami')).narrowed).toBe(true)
    expect((await ok(admin, 'GET', '/accounts/bob/tokens')).items).toHaveLength(3)
    // Of somebody else, by a guessed id.
    const eve = await person('eve')
    expect(await statusOf(eve, 'DELETE', `/tokens/${all.id}`)).toBe(404)
    expect(await statusOf(bob, 'DELETE', `/tokens/${all.id}`)).toBe(204)
    expect(await statusOf(`bob:${all.secret}`, 'GET', '/whoami')).toBe(401)
    expect(await statusOf(admin, 'DELETE', `/accounts/bob/tokens/${narrow.id}`)).toBe(204)
  })

  test('an id of another project finds nothing and changes nothing', async () => {
    for (const name of ['ours', 'theirs']) await ok(admin, 'POST', '/projects', { name })
    const bob = await person('bob')
    await ok(admin, 'POST', '/projects/ours/grants', { subject: { kind: 'account', name: 'bob' }, role: 'project-admin' })
    const theirs = await ok(admin, 'POST', '/projects/theirs/grants', { subject: { kind: 'account', name: 'admin' }, role: 'guest' })
    const rule = await ok(admin, 'POST', '/projects/theirs/tag-rules', { tags: 'v*', roles: ['maintainer'] })
    const address = await ok(admin, 'POST', '/projects/theirs/address-rules', { networks: ['127.0.0.0/8'] })
    await ok(admin, 'POST', '/projects/theirs/robots', { name: 'ci', rights: [{ project: 'theirs', permissions: ['content.pull'] }] })
    const before = await world.send(admin, 'GET', '/projects/theirs/grants')
    for (const path of [`grants/${theirs.id}`, `tag-rules/${rule.id}`, `address-rules/${address.id}`, 'robots/ci']) {
      expect([path, await statusOf(bob, 'DELETE', `/projects/ours/${path}`)]).toEqual([path, 404])
      expect([path, await statusOf(bob, 'DELETE', `/projects/theirs/${path}`)]).toEqual([path, 404])
    }
    expect(await statusOf(bob, 'POST', '/projects/ours/robots', { name: 'x', rights: [{ project: 'theirs', permissions: ['content.pull'] }] })).toBe(422)
    expect((await world.send(admin, 'GET', '/projects/theirs/grants')).text).toBe(before.text)
    expect((await ok(admin, 'GET', '/projects/theirs/tag-rules')).items).toMatchObject([{ id: rule.id, tags: 'v*', permissions: ['tag.create', 'tag.move', 'tag.delete'], roles: ['maintainer'] }])
    expect((await ok(admin, 'GET', '/projects/theirs/address-rules')).items).toMatchObject([{ networks: ['127.0.0.0/8'] }])
    expect((await ok(admin, 'GET', '/projects/theirs/robots')).items).toHaveLength(1)
  })

  test('nobody gets what somebody else has by a password, a secret or a group', async () => {
    await ok(admin, 'POST', '/roles', { name: 'helper', permissions: ['account.read', 'account.write', 'group.read', 'group.write', 'robot.read', 'robot.write', 'grant.read', 'grant.write'] })
    await ok(admin, 'POST', '/roles', { name: 'reader', permissions: ['account.read'] })
    const bob = await person('bob')
    await person('eve')
    await ok(admin, 'POST', '/grants', { subject: { kind: 'account', name: 'bob' }, role: 'helper' })
    for (const [name, role] of [['admins', 'admin'], ['readers', 'reader']] as const) {
      await ok(admin, 'POST', '/groups', { name })
      await ok(admin, 'POST', '/grants', { subject: { kind: 'group', name }, role })
    }
    await ok(admin, 'POST', '/robots', { name: 'puller', rights: [{ permissions: ['content.pull'] }] })
    await ok(admin, 'POST', '/robots', { name: 'lister', rights: [{ permissions: ['account.read'] }] })
    const code = async (method: string, path: string, body?: unknown) => {
      const { status, json } = await world.send(bob, method, path, body)
      return json?.code ?? status
    }
    expect(await code('PUT', '/accounts/admin/password', { password: words })).toBe('wider')
    expect(await code('PUT', '/accounts/eve/password', { password: words })).toBe(204)
    expect(await code('PUT', '/groups/admins/members/bob')).toBe('wider')
    expect(await code('PUT', '/groups/readers/members/bob')).toBe(204)
    expect(await code('POST', '/robots/puller/rotate', {})).toBe('wider')
    expect(await code('POST', '/robots/lister/rotate', {})).toBe(200)
    // By a group as well.
    await ok(admin, 'PUT', '/groups/admins/members/eve')
    expect(await code('PUT', '/accounts/eve/password', { password: newWords })).toBe('wider')
    expect(await code('POST', '/grants', { subject: { kind: 'account', name: 'bob' }, role: 'admin' })).toBe('wider')
    expect(await ok(admin, 'GET', '/whoami')).toMatchObject({ name: 'admin' })
  })

  test('tags are added to a role by those alone who may change the rules that leave tags to it', async () => {
    await ok(admin, 'POST', '/roles', { name: 'helper', permissions: ['role.read', 'role.write', 'content.push', 'tag.create', 'tag.move'] })
    await ok(admin, 'POST', '/roles', { name: 'release', permissions: ['content.push', 'tag.create'] })
    const bob = await person('bob')
    await ok(admin, 'POST', '/grants', { subject: { kind: 'account', name: 'bob' }, role: 'helper' })
    const update = async (who: string, permissions: readonly string[]) => {
      const { status, json } = await world.send(who, 'PUT', '/roles/release', { permissions })
      return json?.code ?? status
    }
    expect(await update(bob, ['tag.create'])).toBe(200)
    expect(await update(bob, ['tag.create', 'content.push'])).toBe(200)
    expect(await update(bob, ['tag.create', 'tag.move'])).toBe('wider')
    expect(await update(admin, ['tag.create', 'tag.move'])).toBe(200)
    expect(await update(bob, ['tag.move'])).toBe(200)
  })

  test('roles are listed in one order, page by page, built in or not', async () => {
    await ok(admin, 'POST', '/roles', { name: 'helper', permissions: ['project.read'] })
    const names: string[] = []
    let path = '/roles?limit=3'
    for (;;) {
      const { items, next } = await ok(admin, 'GET', path)
      names.push(...items.map(({ name }: { name: string }) => name))
      if (next === undefined) break
      path = `/roles?limit=3&cursor=${next}`
    }
    expect(names).toEqual(['admin', 'auditor', 'developer', 'guest', 'helper', 'maintainer', 'ops', 'project-admin'])
    expect(await ok(admin, 'PUT', '/roles/helper', { permissions: ['grant.read'] })).toEqual({ name: 'helper', permissions: ['grant.read'], builtIn: false })
    expect(await statusOf(admin, 'PUT', '/roles/guest', { permissions: ['grant.read'] })).toBeGreaterThanOrEqual(400)
    expect(await statusOf(admin, 'POST', '/roles', { name: 'x', permissions: ['everything'] })).toBe(400)
    expect(await statusOf(admin, 'DELETE', '/roles/helper')).toBe(204)
  })

  test('why somebody may not is told to who may know it', async () => {
    const bob = await person('bob')
    await ok(admin, 'POST', '/projects', { name: 'team' })
    await ok(admin, 'POST', '/projects/team/tag-rules', { tags: 'release-*', roles: ['maintainer'] })
    const own = (project: string) => ok(bob, 'GET', `/whoami/access/${project}?action=push&path=app&tag=release-1`)
    expect(await own('team')).toEqual(await own('nothing'))
    await ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name: 'bob' }, role: 'developer' })
    const told = await own('team')
    expect(told.checks.map(({ permission, allowed }: { permission: string; allowed: boolean }) => [permission, allowed])).toEqual([['content.push', true], ['tag.create', false], ['tag.move', false]])
    expect(told.checks[1].rule).toContain('release-*')
    expect(await ok(admin, 'GET', '/projects/team/access?who=bob&action=pull')).toMatchObject({ allowed: true })
    expect(await ok(admin, 'GET', '/access?who=bob&action=project.create')).toMatchObject({ allowed: false })
    await ok(admin, 'POST', '/projects/team/address-rules', { networks: ['10.0.0.0/8', '127.0.0.0/8'] })
    for (const [address, allowed] of [['10.1.2.3', true], ['::FFFF:10.1.2.3', true], ['::ffff:a01:203', true], ['192.0.2.7', false]] as const) {
      const path = `/projects/team/access?who=bob&action=pull&address=${encodeURIComponent(address)}`
      expect([address, await ok(admin, 'GET', path)]).toMatchObject([address, { allowed }])
    }
    expect(await statusOf(bob, 'GET', '/projects/team/access?who=admin&action=pull')).toBe(403)
    expect(await statusOf(admin, 'GET', '/projects/team/access?who=nobody&action=pull')).toBe(422)
    expect(await statusOf(admin, 'GET', '/projects/team/access?who=bob&action=fly')).toBe(400)
  })

  test('a text that no database or terminal takes is refused', async () => {
    await ok(admin, 'POST', '/projects', { name: 'team' })
    const rights = [{ project: 'team', permissions: ['content.pull'] }]
    expect(await statusOf(admin, 'GET', '/projects/team/access?who=a%00b&action=pull')).toBe(422)
    expect(await statusOf(admin, 'GET', '/access?who=a%00b&action=project.create')).toBe(422)
    for (const [description, status] of [['a\0b', 400], ['\u001b[2J', 422]] as const) {
      expect(await statusOf(admin, 'POST', '/projects/team/robots', { name: 'ci', rights, description })).toBe(status)
    }
    await ok(admin, 'POST', '/projects/team/robots', { name: 'ci', rights, description: 'two\nlines' })
  })

  test('no route takes a member that it does not name, and none answers before it knows who asks', async () => {
    const filled = ({ path, query }: Route) =>
      path.replace(/\{(grant|rule|token)\}/g, '1').replace(/\{\w+\}/g, 'x1') + (query?.shape['path'] === undefined ? '' : '?path=app')
    await ok(admin, 'POST', '/projects', { name: 'x1' })
    for (const route of managementRoutes({} as ManagementDeps)) {
      const { id, method, body } = route
      const address = filled(route) + (id === 'revertTag' ? '&tag=v1' : '')
      const anonymous = await statusOf('', method, address, body && {})
      expect([id, anonymous]).toEqual([id, ['listProjects', 'listUsage'].includes(id) ? 200 : 401])
      if (body === undefined) continue
      const extra = Object.fromEntries(['id', 'role_id', 'admin', 'password_hash', 'version', 'namespace_id', 'created_by'].map((name) => [name, 1]))
      const answer = await world.send(admin, method, address, extra)
      expect([id, answer.status]).toEqual([id, 400])
      expect(answer.json.errors.map(({ at }: { at: string }) => at)).toContain('/password_hash')
    }
  })
})
