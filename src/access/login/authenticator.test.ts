import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { systemIds } from '../../lib/index.ts'
import { actor, createWorld, good, principalOf, type World } from '../identities.testing.ts'
import { newSecret } from '../secrets/secret.ts'
import type { Authentication } from './authentication.ts'
import { createAuthenticator } from './authenticator.ts'

forEachDatabase('a login', (kind) => {
  let world: World
  const login = async (user: string, secret: string, address = '10.0.0.1') => await world.identities.authenticator.basic(user, secret, address)
  beforeEach(async () => {
    world = await createWorld(kind)
    await world.identities.accounts.create(actor, { name: 'alice', password: good })
  })
  afterEach(() => world.dispose())

  test('with a password is answered at once the second time, without comparing', async () => {
    const first = await login('alice', good)
    expect(first).toMatchObject({ principal: { kind: 'account', name: 'alice', mustChange: false, ceilings: [] }, credential: 'password' })
    expect(world.identities.authenticator.basic('alice', good, '10.0.0.2')).toEqual(first)
    expect(world.counts.compared).toBe(1)
  })

  test('is remembered for a minute, and for nobody else', async () => {
    await login('alice', good)
    world.clock.advance(59_999)
    await login('alice', good)
    expect(world.counts.compared).toBe(1)
    world.clock.advance(1)
    await login('alice', good)
    expect(world.counts.compared).toBe(2)
    for (const [user, secret] of [['alic', `e${good}`], ['alice', `${good} `], ['alice ', good], ['Alice', good]] as const) {
      expect(await login(user, secret)).toEqual({ failed: 'wrong' })
    }
  })

  test('costs one comparison, whether the name is there, has no password, is disabled, or is not there', async () => {
    const { accounts } = world.identities
    await accounts.create(actor, { name: 'empty' })
    await accounts.create(actor, { name: 'gone', password: good })
    await accounts.setState(actor, 'gone', 'disabled')
    for (const [user, secret] of [['alice', 'not the password'], ['nobody', good], ['empty', good], ['gone', good]] as const) {
      const before = world.counts.compared
      expect(await login(user, secret)).toEqual({ failed: 'wrong' })
      expect([user, world.counts.compared - before]).toEqual([user, 1])
    }
    expect(world.counts.hashed).toBe(2)
  })

  test.each([
    ['no name', '', good, 'wrong'],
    ['no password', 'alice', '', 'wrong'],
    ['a name of 64 KB', 'a'.repeat(65_536), good, 'malformed'],
    ['a secret of 64 KB', 'alice', 'a'.repeat(65_536), 'malformed'],
    ['a token of 64 KB', 'alice', `bpt_${'a'.repeat(65_536)}`, 'malformed'],
    ['a token that was cut', 'alice', `bpt_${'a'.repeat(20)}`, 'malformed'],
    ['a name that looks like another', 'аlice', good, 'wrong'],
    ['a robot with a password', 'robot$ci', good, 'wrong'],
    ['an unknown token', 'alice', newSecret('personal', systemIds), 'wrong'],
    ['an unknown key', 'alice', newSecret('key', systemIds), 'wrong'],
    ['an unknown robot', 'robot$ci', newSecret('robot', systemIds), 'wrong'],
    ['a refresh token', 'alice', newSecret('refresh', systemIds), 'wrong'],
    ['SQL', "alice' --", good, 'wrong'],
    ['a zero byte', 'alice\0', good, 'wrong'],
  ] as const)('with %s is refused before anything is hashed', async (_what, user, secret, failed) => {
    expect(await login(user, secret)).toEqual({ failed })
    expect(world.counts.compared).toBe(0)
  })

  test('sent many times at once is checked, and counted, once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => login('alice', good)))
    expect(answers.every((answer) => 'principal' in answer)).toBe(true)
    expect(world.counts.compared).toBe(1)
    const wrong = await Promise.all(Array.from({ length: 50 }, () => login('alice', 'not the password')))
    expect(wrong.every((answer) => 'failed' in answer && answer.failed === 'wrong')).toBe(true)
    expect(world.counts.compared).toBe(2)
  })

  test('is not answered by a check that began before rights changed', async () => {
    const answers: Authentication[] = [{ failed: 'wrong' }, { failed: 'expired' }]
    let now = 1
    const version = { current: () => now, refresh: () => now }
    const passwords = { login: () => Promise.resolve<Authentication>(answers.shift() ?? { failed: 'busy' }) }
    const uses = { note: () => undefined, close: () => Promise.resolve() }
    const authenticator = createAuthenticator({ database: world.database, clock: world.clock, ids: systemIds, version, passwords, uses })
    const ask = () => authenticator.basic('alice', good, '10.0.0.1')
    const before = [ask(), ask()]
    now = 2
    expect(await Promise.all([...before, ask()])).toEqual([{ failed: 'wrong' }, { failed: 'wrong' }, { failed: 'expired' }])
  })

  test('guessed too often is locked for that network alone, and whoever is logged in stays so', async () => {
    await login('alice', good, '10.0.0.9')
    for (let at = 0; at < 5; at++) expect(await login('alice', `guess ${at} of many`)).toEqual({ failed: 'wrong' })
    const before = world.counts.compared
    expect(await login('alice', 'guess 6 of many')).toEqual({ failed: 'locked', retryAfter: 1 })
    // The right one too, from there: else the lock would tell nothing and hold nobody.
    expect(await login('alice', 'guess 7 of many')).toMatchObject({ failed: 'locked' })
    expect(world.counts.compared).toBe(before)
    expect(await login('alice', good, '10.0.0.9')).toMatchObject({ credential: 'password' })
    expect(await login('nobody', good)).toEqual({ failed: 'wrong' })
    world.clock.advance(61_000)
    expect(await login('alice', good)).toMatchObject({ credential: 'password' })
  })

  test('to a name that is not there is locked like any other', async () => {
    for (let at = 0; at < 5; at++) await login('nobody', `guess ${at} of many`)
    expect(await login('nobody', 'guess 6 of many')).toEqual({ failed: 'locked', retryAfter: 1 })
  })

  test('with a password that nobody can have counts nowhere: to count it would cost nothing, and push out what is known of others', async () => {
    for (let at = 0; at < 5; at++) await login('alice', `guess ${at} of many`)
    const before = world.counts.compared
    for (let at = 0; at < 21_000; at++) expect(await login(`nobody${at}`, 'x'.repeat(300))).toEqual({ failed: 'wrong' })
    expect(world.counts.compared).toBe(before)
    expect(await login('alice', good)).toMatchObject({ failed: 'locked' })
  })

  describe('that was checked', () => {
    const later = () => world.clock.advance(1_000)

    test('is checked anew once the password was changed', async () => {
      await login('alice', good)
      await world.identities.accounts.resetPassword(actor, 'alice', 'another riddle 5')
      later()
      expect(await login('alice', good)).toEqual({ failed: 'wrong' })
    })

    test('ends with the account', async () => {
      await login('alice', good)
      await world.identities.accounts.setState(actor, 'alice', 'disabled')
      later()
      expect(await login('alice', good)).toEqual({ failed: 'wrong' })
    })

    test('is not compared again because rights of others changed, and shows the new groups', async () => {
      const { groups } = world.identities
      await login('alice', good)
      const dev = await groups.create(actor, 'dev')
      await groups.addMember(actor, 'dev', 'alice')
      later()
      expect(await principalOf(world, 'alice', good)).toMatchObject({ groups: [dev.id] })
      expect(world.counts.compared).toBe(1)
      world.clock.advance(59_000)
      await login('alice', good)
      // Reading it again did not make the minute longer.
      expect(world.counts.compared).toBe(2)
    })
  })

  test('with an old hash makes it anew, once', async () => {
    await world.run(`update account set password_hash = 'bcrypt of ' || $1 where name = 'alice'`, good)
    await login('alice', good)
    world.clock.advance(61_000)
    await login('alice', good)
    expect(world.counts).toEqual({ hashed: 2, compared: 2 })
    const events = await world.events()
    expect(events.at(-1)).toMatchObject({ kind: 'account.password.rehash' })
  })

  test('100,000 random pairs are nobody, with somebody in memory', async () => {
    await login('alice', good)
    const { authenticator } = world.identities
    let found = 0
    for (let at = 0; at < 100_000; at++) {
      const random = Math.random().toString(36)
      // Names with a capital are nobody's: no database is asked.
      const answer = authenticator.basic(`Alice${random}`, good, '10.0.0.1')
      if ('principal' in (await answer)) found++
    }
    expect(found).toBe(0)
  })
})
