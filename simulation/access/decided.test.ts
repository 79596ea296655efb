import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../src/database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../src/management.testing.ts'

type World = Awaited<ReturnType<typeof createManagementWorld>>

const admin = `admin:${rootPassword}`
const words = 'Quiet 9 herons wade'
const newWords = 'Slow 8 otters drift'
const helping = ['account.read', 'account.write', 'group.read', 'group.write', 'robot.read', 'robot.write', 'grant.read', 'grant.write']

// What the management API decides, and what changes between the decision and the transaction.
forEachDatabase('what was decided', (kind) => {
  let world: World
  let bob: string
  beforeEach(async () => {
    world = await createManagementWorld(kind)
    for (const name of ['bob', 'eve']) {
      await ok(admin, 'POST', '/accounts', { name, password: words })
      await ok(`${name}:${words}`, 'PUT', '/whoami/password', { current: words, password: newWords })
    }
    bob = `bob:${newWords}`
  })
  afterEach(() => world.dispose())

  const ok = async (user: string, method: string, path: string, body?: unknown) => {
    const answer = await world.send(user, method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  const codeOf = async (user: string, method: string, path: string, body?: unknown) => {
    const { status, json } = await world.send(user, method, path, body)
    return json?.code ?? status
  }
  const grant = (kind: string, name: string, role: string) => ok(admin, 'POST', '/grants', { subject: { kind, name }, role })

  async function makeHelper(): Promise<void> {
    await ok(admin, 'POST', '/roles', { name: 'helper', permissions: helping })
    await grant('account', 'bob', 'helper')
  }

  test('about a password, a group, a secret or a role is void once the other one has more', async () => {
    await makeHelper()
    await ok(admin, 'POST', '/groups', { name: 'crew' })
    await ok(admin, 'POST', '/robots', { name: 'lister', rights: [{ permissions: ['account.read'] }] })
    await ok(admin, 'POST', '/roles', { name: 'reader', permissions: ['account.read'] })
    const all = helping.filter((permission) => permission !== 'robot.write')
    const cases: readonly [transaction: string, meanwhile: () => Promise<unknown>, method: string, path: string, body: unknown][] = [
      ['set password', () => grant('account', 'eve', 'admin'), 'PUT', '/accounts/eve/password', { password: words }],
      ['add group member', () => grant('group', 'crew', 'admin'), 'PUT', '/groups/crew/members/bob', undefined],
      ['rotate robot secret', () => grant('robot', 'robot$lister', 'admin'), 'POST', '/robots/lister/rotate', {}],
      ['add grant', () => ok(admin, 'PUT', '/roles/reader', { permissions: ['project.create'] }), 'POST', '/grants', { subject: { kind: 'account', name: 'bob' }, role: 'reader' }],
    ]
    for (const [transaction, meanwhile, method, path, body] of cases) {
      world.meanwhile.set(transaction, meanwhile)
      expect([transaction, await codeOf(bob, method, path, body)]).toEqual([transaction, 'wider'])
      expect(world.meanwhile.size).toBe(0)
    }
    // The one who asks has less.
    const rights = [{ permissions: ['robot.write'] }]
    world.meanwhile.set('create robot', () => ok(admin, 'PUT', '/roles/helper', { permissions: all }))
    expect(await codeOf(bob, 'POST', '/robots', { name: 'sneak', rights })).toBe('forbidden')
    expect(await codeOf(admin, 'GET', '/robots/sneak')).toBe('not-found')
    expect(await codeOf(`eve:${newWords}`, 'GET', '/whoami')).toBe(200)
  })

  test('about what nobody remembers yet, or takes a token away, is void once who asks may not any more', async () => {
    await makeHelper()
    for (const name of ['one', 'two']) await ok(`eve:${newWords}`, 'POST', '/tokens', { name })
    const ids = (await ok(`eve:${newWords}`, 'GET', '/tokens')).items.map(({ id }: { readonly id: string }) => id) as string[]
    const less = () => ok(admin, 'PUT', '/roles/helper', { permissions: ['account.read', 'group.read'] })
    const htpasswd = ['dan', 'dot'].map((name) => `${name}:$2y$05$${'a'.repeat(53)}`).join('\n')
    const cases: readonly [transaction: string, method: string, path: string, body?: unknown][] = [
      ['create account', 'POST', '/accounts', { name: 'dan' }],
      ['create account', 'POST', '/account-imports', { htpasswd }],
      ['create group', 'POST', '/groups', { name: 'dan' }],
      ['revoke token', 'DELETE', `/accounts/eve/tokens/${ids[0]}`],
    ]
    for (const [transaction, method, path, body] of cases) {
      await ok(admin, 'PUT', '/roles/helper', { permissions: helping })
      world.meanwhile.set(transaction, less)
      expect([path, await codeOf(bob, method, path, body), world.meanwhile.size]).toEqual([path, 'forbidden', 0])
    }
    for (const path of ['/accounts/dan', '/accounts/dot', '/groups/dan']) expect([path, await codeOf(admin, 'GET', path)]).toEqual([path, 'not-found'])
    // Whoever logged in with a password that is another one by now has proved nothing.
    const reset = () => ok(admin, 'PUT', '/accounts/eve/password', { password: words })
    world.meanwhile.set('create token', reset)
    expect((await world.send(`eve:${newWords}`, 'POST', '/tokens', { name: 'three' })).status).toBe(401)
    await ok(`eve:${words}`, 'PUT', '/whoami/password', { current: words, password: newWords })
    world.meanwhile.set('revoke token', reset)
    expect((await world.send(`eve:${newWords}`, 'DELETE', `/tokens/${ids[0]}`)).status).toBe(401)
    expect((await ok(admin, 'GET', '/accounts/eve/tokens')).items).toHaveLength(2)
  })

  test('of a file of accounts is decided for each of them', async () => {
    await makeHelper()
    const htpasswd = (names: readonly string[]) => names.map((name) => `${name}:$2y$05$${'a'.repeat(53)}`).join('\n')
    // Something else that changes in the middle does not matter, and no line is read twice.
    world.meanwhile.set('create account', () => ok(admin, 'POST', '/projects', { name: 'team' }))
    expect(await ok(bob, 'POST', '/account-imports', { htpasswd: htpasswd(['a1', 'a2', 'a1']) })).toEqual({ imported: ['a1', 'a2'], skipped: [{ line: 3, reason: 'exists' }] })
    // A right that goes in the middle ends it there.
    world.meanwhile.set('create account', async () => {
      world.meanwhile.set('create account', () => ok(admin, 'PUT', '/roles/helper', { permissions: ['account.read'] }))
      await Promise.resolve()
    })
    expect(await codeOf(bob, 'POST', '/account-imports', { htpasswd: htpasswd(['b1', 'b2', 'b3']) })).toBe('forbidden')
    expect(await codeOf(bob, 'GET', '/accounts/b1')).toBe(200)
    for (const name of ['b2', 'b3']) expect(await codeOf(bob, 'GET', `/accounts/${name}`)).toBe('not-found')
  })

  test('by what If-Match names is void once that looks otherwise', async () => {
    await ok(admin, 'POST', '/projects', { name: 'team' })
    // Somebody who never logs in: what is seen of an account tells when its owner did.
    await ok(admin, 'POST', '/accounts', { name: 'carol' })
    await ok(admin, 'POST', '/roles', { name: 'reader', permissions: ['account.read'] })
    await ok(admin, 'POST', '/robots', { name: 'ci', rights: [{ permissions: ['account.read'] }] })
    const again = { visibility: 'public' }
    const cases: readonly [transaction: string, change: readonly [string, string, unknown?], method: string, path: string, body?: unknown][] = [
      ['change project', ['PATCH', '/projects/team', { visibility: 'internal' }], 'PATCH', '/projects/team', again],
      ['rename project', ['PATCH', '/projects/team', { visibility: 'private' }], 'POST', '/projects/team/rename', { name: 'crew' }],
      ['delete project', ['PATCH', '/projects/team', { visibility: 'public' }], 'DELETE', '/projects/team'],
      ['change account', ['PATCH', '/accounts/carol', { email: 'a@example.org' }], 'PATCH', '/accounts/carol', { email: 'b@example.org' }],
      ['delete account', ['PATCH', '/accounts/carol', { email: 'c@example.org' }], 'DELETE', '/accounts/carol'],
      ['update role', ['PUT', '/roles/reader', { permissions: ['group.read'] }], 'PUT', '/roles/reader', { permissions: ['role.read'] }],
      ['remove role', ['PUT', '/roles/reader', { permissions: ['account.read'] }], 'DELETE', '/roles/reader'],
      ['change robot', ['PATCH', '/robots/ci', { description: 'one' }], 'PATCH', '/robots/ci', { description: 'two' }],
      ['delete robot', ['PATCH', '/robots/ci', { description: 'three' }], 'DELETE', '/robots/ci'],
    ]
    for (const [transaction, change, method, path, body] of cases) {
      const seen = path.replace(/\/rename$/, '')
      const etag = (await world.send(admin, 'GET', seen)).headers.get('etag') ?? ''
      let changed: unknown
      world.meanwhile.set(transaction, async () => (changed = await ok(admin, ...change)))
      const answer = await world.send(admin, method, path, body, { 'if-match': etag })
      expect([transaction, changed === undefined, answer.status]).toEqual([transaction, false, 412])
      expect(await ok(admin, 'GET', seen)).toMatchObject(changed as object)
      // Something else that changed does not matter.
      const now = (await world.send(admin, 'GET', seen)).headers.get('etag') ?? ''
      if (method === 'DELETE') continue
      world.meanwhile.set(transaction, () => ok(admin, 'POST', '/projects', { name: `new-${transaction.replaceAll(' ', '-')}` }))
      if (!seen.startsWith('/projects')) expect([transaction, (await world.send(admin, method, path, body, { 'if-match': now })).status]).toEqual([transaction, 200])
      world.meanwhile.clear()
    }
  })

  test('of many who change the same at once under one If-Match, one wins', async () => {
    await ok(admin, 'POST', '/projects', { name: 'team' })
    for (const round of ['frozen', 'live', 'frozen']) {
      const etag = (await world.send(admin, 'GET', '/projects/team')).headers.get('etag') ?? ''
      const all = await Promise.all(
        Array.from({ length: 12 }, async () => (await world.send(admin, 'PATCH', '/projects/team', { state: round }, { 'if-match': etag })).status),
      )
      expect(all.toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 11 }, () => 412)])
    }
  })

  test('is decided anew until it is done, however many do something at once', async () => {
    await ok(admin, 'POST', '/projects', { name: 'team' })
    const names = Array.from({ length: 40 }, (_, at) => `g${at}`)
    await Promise.all(names.map((name) => ok(admin, 'POST', '/groups', { name })))
    await Promise.all(names.map((name) => ok(admin, 'POST', '/projects/team/grants', { subject: { kind: 'group', name }, role: 'guest' })))
    expect((await ok(admin, 'GET', '/projects/team/grants?limit=100')).items.length).toBe(41)
  })
})
