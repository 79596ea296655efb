import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { AccessError } from '../access-error.ts'
import { actor, addAdmin, createWorld, good, principalOf, type World } from '../identities.testing.ts'

/** The code of the AccessError that a call fails with. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof AccessError) return error.code
    throw error
  }
  throw new Error('it did not fail')
}

forEachDatabase('accounts', (kind) => {
  let world: World
  beforeEach(async () => {
    world = await createWorld(kind)
  })
  afterEach(() => world.dispose())

  test('are made, found, listed by name, changed and removed', async () => {
    const { accounts } = world.identities
    const made = await accounts.create(actor, { name: 'alice', email: 'alice@example.com', password: good })
    expect(made).toMatchObject({ name: 'alice', email: 'alice@example.com', source: 'local', state: 'active', mustChange: false, hasPassword: true })
    await accounts.create(actor, { name: 'bob' })
    expect((await accounts.list({ after: '', limit: 1 })).map(({ name }) => name)).toEqual(['alice'])
    expect((await accounts.list({ after: 'alice', limit: 5 })).map(({ name, hasPassword }) => [name, hasPassword])).toEqual([['bob', false]])
    expect(await accounts.update(actor, 'alice', { email: null, displayName: 'Alice A.' })).toMatchObject({ email: undefined, displayName: 'Alice A.' })
    await accounts.remove(actor, 'alice')
    expect(await accounts.find('alice')).toBeUndefined()
    const again = await accounts.create(actor, { name: 'alice', password: good })
    expect(again.id).toBeGreaterThan(made.id)
  })

  test('are refused with a wrong name, a weak password, a taken name, a text of several lines', async () => {
    const { accounts } = world.identities
    await accounts.create(actor, { name: 'alice' })
    expect(await codeOf(accounts.create(actor, { name: 'Alice' }))).toBe('NAME_INVALID')
    expect(await codeOf(accounts.create(actor, { name: 'аlice' }))).toBe('NAME_INVALID')
    expect(await codeOf(accounts.create(actor, { name: 'robot$ci' }))).toBe('NAME_INVALID')
    expect(await codeOf(accounts.create(actor, { name: 'alice' }))).toBe('EXISTS')
    expect(await codeOf(accounts.create(actor, { name: 'bob', password: 'Harbor12345' }))).toBe('PASSWORD_WEAK')
    expect(await codeOf(accounts.create(actor, { name: 'bob', displayName: 'a\nb' }))).toBe('INVALID')
    expect(await codeOf(accounts.create(actor, { name: 'bob', email: 'bob' }))).toBe('INVALID')
    expect(await codeOf(accounts.update(actor, 'carol', { email: null }))).toBe('NOT_FOUND')
    expect(await codeOf(accounts.remove(actor, "x' or 1=1"))).toBe('NOT_FOUND')
    expect(world.counts.hashed).toBe(0)
  })

  test('log in with the password that was set last, and have to choose one after a reset', async () => {
    const { accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    await accounts.resetPassword(actor, 'alice', 'another riddle 5')
    expect(await principalOf(world, 'alice', 'another riddle 5')).toMatchObject({ mustChange: true })
    const self = { identity: 'alice', address: '10.0.0.1' }
    expect(await codeOf(accounts.changePassword(self, 'alice', good, 'kitchen-moss-orbit'))).toBe('PASSWORD_WRONG')
    expect(await codeOf(accounts.changePassword(self, 'alice', 'another riddle 5', 'another riddle 5'))).toBe('PASSWORD_WEAK')
    await accounts.changePassword(self, 'alice', 'another riddle 5', 'kitchen-moss-orbit')
    world.clock.advance(1_000)
    expect(await principalOf(world, 'alice', 'kitchen-moss-orbit')).toMatchObject({ mustChange: false, version: 3 })
    expect(await world.identities.authenticator.basic('alice', 'another riddle 5', '10.0.0.2')).toEqual({ failed: 'wrong' })
    expect(world.changed).toEqual(['alice', 'alice'])
  })

  test('are not guessed by whoever found a token: changing a password counts like a login', async () => {
    const { accounts, authenticator } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const thief = { identity: 'alice', address: '10.0.0.7' }
    for (let at = 0; at < 5; at++) expect(await codeOf(accounts.changePassword(thief, 'alice', `guess ${at}`, 'kitchen-moss-orbit'))).toBe('PASSWORD_WRONG')
    expect(await codeOf(accounts.changePassword(thief, 'alice', good, 'kitchen-moss-orbit'))).toBe('LOCKED')
    expect(await authenticator.basic('alice', 'another guess', '10.0.0.7')).toMatchObject({ failed: 'locked' })
    await accounts.changePassword({ ...thief, address: '10.0.0.8' }, 'alice', good, 'kitchen-moss-orbit')
  })

  test('leave an event of each change, with what was before, and never a password or a hash', async () => {
    const { accounts } = world.identities
    await accounts.create(actor, { name: 'alice', email: 'a@example.com', password: good })
    await accounts.update(actor, 'alice', { email: 'b@example.com' })
    await accounts.setState(actor, 'alice', 'disabled')
    await accounts.resetPassword(actor, 'alice', 'another riddle 5')
    await accounts.remove(actor, 'alice')
    const events = await world.events()
    expect(events.map(({ kind: what }) => what)).toEqual(['account.create', 'account.update', 'account.state', 'account.password.reset', 'account.delete'])
    expect(events.every((event) => event.actor === 'root')).toBe(true)
    expect(JSON.parse(events[1]?.keys ?? '')).toMatchObject({ name: 'alice', before: { email: 'a@example.com' }, after: { email: 'b@example.com' } })
    const text = JSON.stringify(events)
    for (const secret of ['argon2', 'plum', 'riddle']) expect(text).not.toContain(secret)
  })

  describe('the last one that can administer', () => {
    beforeEach(() => addAdmin(world, 'root'))

    test('stays, and goes once there is another', async () => {
      const { accounts } = world.identities
      await accounts.create(actor, { name: 'bob', password: good })
      expect(await codeOf(accounts.remove(actor, 'root'))).toBe('LAST_ADMIN')
      expect(await codeOf(accounts.setState(actor, 'root', 'disabled'))).toBe('LAST_ADMIN')
      expect(await accounts.find('root')).toMatchObject({ state: 'active', version: 1 })
      await accounts.remove(actor, 'bob')
      await addAdmin(world, 'second')
      await accounts.setState(actor, 'second', 'disabled')
      expect(await codeOf(accounts.remove(actor, 'root'))).toBe('LAST_ADMIN')
      await accounts.setState(actor, 'second', 'active')
      await accounts.remove(actor, 'root')
      expect(await codeOf(accounts.remove(actor, 'second'))).toBe('LAST_ADMIN')
    })

    test('is not removed by two at once', async () => {
      const { accounts } = world.identities
      await addAdmin(world, 'second')
      const ended = await Promise.allSettled([accounts.remove(actor, 'root'), accounts.setState(actor, 'second', 'disabled')])
      expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    })

    test('stays in the group that makes it one, and the group stays', async () => {
      const { accounts, groups } = world.identities
      const group = await groups.create(actor, 'operators')
      await world.run(`insert into access_grant (prefix, exact, subject_kind, subject_id, role, created_at) values ('', 0, 'group', $1, 'admin', 0)`, group.id)
      await accounts.create(actor, { name: 'bob', password: good })
      await groups.addMember(actor, 'operators', 'bob')
      await accounts.remove(actor, 'root')
      expect(await codeOf(groups.removeMember(actor, 'operators', 'bob'))).toBe('LAST_ADMIN')
      expect(await codeOf(groups.remove(actor, 'operators'))).toBe('LAST_ADMIN')
      expect(await codeOf(accounts.remove(actor, 'bob'))).toBe('LAST_ADMIN')
    })
  })

  test('leave nothing behind: a new one of the name has no group, token or grant of the old one', async () => {
    const { accounts, groups, tokens } = world.identities
    await addAdmin(world, 'root')
    await accounts.create(actor, { name: 'alice', password: good })
    await groups.create(actor, 'dev')
    await groups.addMember(actor, 'dev', 'alice')
    const { secret } = await tokens.create({ actor, principal: await principalOf(world, 'alice', good) }, { kind: 'personal', name: 'laptop' })
    await accounts.remove(actor, 'alice')
    const again = await accounts.create(actor, { name: 'alice', password: good })
    expect(await accounts.groupsOf(again.id)).toEqual([])
    expect(await groups.members((await groups.find('dev'))?.id ?? 0, { after: 0, limit: 10 })).toEqual([])
    world.clock.advance(1_000)
    expect(await world.identities.authenticator.basic('alice', secret, '10.0.0.1')).toEqual({ failed: 'wrong' })
    expect(await principalOf(world, 'alice', good)).toMatchObject({ id: again.id, groups: [] })
  })

  test('groups have names and members, each once', async () => {
    const { accounts, groups } = world.identities
    await accounts.create(actor, { name: 'alice' })
    await accounts.create(actor, { name: 'bob' })
    const dev = await groups.create(actor, 'dev')
    expect(await codeOf(groups.create(actor, 'dev'))).toBe('EXISTS')
    expect(await codeOf(groups.create(actor, 'Dev'))).toBe('NAME_INVALID')
    for (const name of ['bob', 'alice', 'bob']) await groups.addMember(actor, 'dev', name)
    expect((await groups.members(dev.id, { after: 0, limit: 10 })).map(({ name }) => name)).toEqual(['alice', 'bob'])
    expect(await codeOf(groups.addMember(actor, 'dev', 'carol'))).toBe('NOT_FOUND')
    expect(await codeOf(groups.addMember(actor, 'ops', 'alice'))).toBe('NOT_FOUND')
    await groups.removeMember(actor, 'dev', 'bob')
    expect(await codeOf(groups.removeMember(actor, 'dev', 'bob'))).toBe('NOT_FOUND')
    expect((await groups.list({ after: '', limit: 10 })).map(({ name, source }) => [name, source])).toEqual([['dev', 'local']])
    await groups.remove(actor, 'dev')
    expect(await groups.find('dev')).toBeUndefined()
    const kinds = (await world.events()).map(({ kind: what }) => what).filter((what) => what.startsWith('group'))
    expect(kinds).toEqual(['group.create', 'group.member.add', 'group.member.add', 'group.member.remove', 'group.delete'])
  })
})
