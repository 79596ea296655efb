import { afterEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { actor, addAdmin, createWorld, good, principalOf, type World } from '../identities.testing.ts'
import { acceptIdentity } from './accepted-identity.ts'
import type { IdentitySource, SourceAnswer, SourceIdentity } from './identity-source.ts'

const carol: SourceIdentity = { subject: 'uuid-1', name: 'carol', email: 'carol@example.com', groups: ['dev', 'ops'] }
const knows = (identity: SourceIdentity): SourceAnswer => ({ identity })

/** A source that does as the test says. */
function sourceOf(authenticate: IdentitySource['authenticate'], name = 'ldap'): IdentitySource {
  return { name, authenticate }
}

forEachDatabase('a source of identities', (kind) => {
  let world: World
  afterEach(() => world.dispose())
  const open = async (...sources: IdentitySource[]) => {
    world = await createWorld(kind, { sources })
    return world
  }
  const login = async (user: string, secret: string) => await world.identities.authenticator.basic(user, secret, '10.0.0.1')
  const groupsOf = async (name: string) => {
    const { accounts } = world.identities
    return (await accounts.groupsOf((await accounts.find(name))?.id ?? 0)).map((group) => group.name)
  }

  test('makes an account at the first login, and groups of its own', async () => {
    await open(sourceOf((_user, secret) => Promise.resolve(secret === 'in the directory' ? knows(carol) : { refused: 'wrong' })))
    expect(await login('carol', 'something else')).toEqual({ failed: 'wrong' })
    expect(await principalOf(world, 'carol', 'in the directory')).toMatchObject({ name: 'carol', kind: 'account' })
    expect(await world.identities.accounts.find('carol')).toMatchObject({ source: 'ldap', hasPassword: false, email: 'carol@example.com' })
    expect(await groupsOf('carol')).toEqual(['dev', 'ops'])
    expect(await world.identities.groups.find('dev')).toMatchObject({ source: 'ldap' })
    expect(world.warnings).toEqual([])
  })

  test('takes away the groups that it does not name any more', async () => {
    let groups = ['dev', 'ops']
    await open(sourceOf(() => Promise.resolve(knows({ ...carol, groups }))))
    await login('carol', good)
    groups = ['ops', 'qa']
    world.clock.advance(61_000)
    await login('carol', good)
    expect(await groupsOf('carol')).toEqual(['ops', 'qa'])
    const count = (await world.events()).length
    world.clock.advance(61_000)
    await login('carol', good)
    expect(await world.events()).toHaveLength(count)
  })

  test('is not asked about local accounts, and cannot take one over', async () => {
    const asked: string[] = []
    await open(sourceOf((user) => (asked.push(user), Promise.resolve(knows({ ...carol, name: user })))))
    await addAdmin(world, 'root')
    expect(await login('root', 'guessed by the directory')).toEqual({ failed: 'wrong' })
    expect(asked).toEqual([])
    // An account of that name came from elsewhere, and the subject is another.
    await login('carol', good)
    world.clock.advance(61_000)
    await world.run(`update account set subject = 'uuid-2' where name = 'carol'`)
    expect(await login('carol', good)).toEqual({ failed: 'wrong' })
    expect(world.warnings.at(-1)?.details['reason']).toContain('not its own')
  })

  test('cannot join local groups by naming them', async () => {
    await open(sourceOf(() => Promise.resolve(knows({ ...carol, groups: ['operators', 'dev'] }))))
    await world.identities.groups.create(actor, 'operators')
    await login('carol', good)
    expect(await groupsOf('carol')).toEqual(['dev'])
  })

  test('does not bring back who was disabled', async () => {
    await open(sourceOf(() => Promise.resolve(knows(carol))))
    await login('carol', good)
    await world.identities.accounts.setState(actor, 'carol', 'disabled')
    world.clock.advance(1_000)
    expect(await login('carol', good)).toEqual({ failed: 'wrong' })
    expect(await world.identities.accounts.find('carol')).toMatchObject({ state: 'disabled' })
  })

  test('that hangs keeps nobody longer than its time, and nobody who is not its own', async () => {
    let aborted = 0
    const hangs = sourceOf((_user, _secret, signal) => {
      signal.addEventListener('abort', () => aborted++)
      return new Promise<SourceAnswer>(() => undefined)
    })
    const works = sourceOf((user) => Promise.resolve(user === 'carol' ? knows(carol) : { refused: 'unknown' }), 'second')
    await open(hangs, works)
    await addAdmin(world, 'root')
    expect(await principalOf(world, 'root', good)).toMatchObject({ name: 'root' })
    const waiting = { carol: login('carol', good), nobody: login('nobody', good) }
    while (aborted < 2) {
      world.clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await waiting.carol).toMatchObject({ principal: { name: 'carol' } })
    expect(await waiting.nobody).toEqual({ failed: 'busy', retryAfter: 2 })
    expect(world.warnings.map(({ details }) => details['reason'])).toEqual(['did not answer in time', 'did not answer in time'])
    // Its silence is not a wrong password: the next attempt is made as if there had been none.
    expect(JSON.stringify(world.warnings)).not.toContain(good)
  })

  test.each([
    ['throws at once', (): Promise<SourceAnswer> => { throw new Error('no route') }],
    ['rejects', () => Promise.reject<SourceAnswer>(new Error('no route'))],
  ])('that %s lets nobody in and stops nobody', async (_how, authenticate) => {
    await open(sourceOf(authenticate))
    await addAdmin(world, 'root')
    expect(await login('carol', good)).toEqual({ failed: 'busy', retryAfter: 2 })
    expect(await principalOf(world, 'root', good)).toMatchObject({ name: 'root' })
  })

  test.each([
    ['nothing', undefined],
    ['text', 'yes'],
    ['no identity', { ok: true }],
    ['another account', { identity: { ...carol, name: 'root' } }],
    ['a name that no account can have', { identity: { ...carol, name: 'Carol' } }],
    ['a number for a name', { identity: { ...carol, name: 1 } }],
    ['no subject', { identity: { ...carol, subject: '' } }],
    ['a subject of 64 KB', { identity: { ...carol, subject: 'x'.repeat(65_536) } }],
    ['a million groups', { identity: { ...carol, groups: Array.from({ length: 1_000_000 }, (_, at) => `g${at}`) } }],
    ['no list of groups', { identity: { ...carol, groups: 'dev' } }],
  ])('that answers with %s lets nobody in', async (_what, answer) => {
    await open(sourceOf(() => Promise.resolve(answer as SourceAnswer)))
    await addAdmin(world, 'root')
    expect(await login('carol', good)).toEqual({ failed: 'wrong' })
    expect(await world.identities.accounts.find('carol')).toBeUndefined()
    expect(world.warnings).toHaveLength(1)
  })
})

describe('what a source says about a person', () => {
  test('counts where it has the right form, and an id is none of it', () => {
    const identity = { ...carol, id: 1, displayName: 'a\nb', email: 'x'.repeat(300), groups: ['ops', 'dev', 'dev', 'Bad Name', 7] }
    expect(acceptIdentity('ldap', 'carol', { identity } as unknown as SourceAnswer)).toEqual({
      identity: { source: 'ldap', subject: 'uuid-1', name: 'carol', email: undefined, displayName: undefined, groups: ['dev', 'ops'] },
    })
  })
})
