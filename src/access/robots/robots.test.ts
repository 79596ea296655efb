import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { AccessError } from '../access-error.ts'
import { actor, addProject, createWorld, good, principalOf, type World } from '../identities.testing.ts'
import type { Permission } from '../permissions.ts'
import type { RobotMaker, RobotProject } from './robots.ts'

const team: RobotProject = { id: 7, name: 'team' }
const other: RobotProject = { id: 8, name: 'other' }
const minutes = 60_000

/** Somebody who has these permissions in one project, and none elsewhere. */
const maker = (project: string | undefined, ...held: Permission[]): RobotMaker => ({
  actor,
  mayGrant: (permission, at) => at.project === project && held.includes(permission),
})
const pulling = { project: team, path: 'web/*', permissions: ['content.pull'] as const }

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (error instanceof AccessError) return error.code
  throw error ?? new Error('it did not fail')
}

forEachDatabase('robots and tokens', (kind) => {
  let world: World
  const log = async (user: string, secret: string) => {
    // On PostgreSQL a change is noticed within a second.
    world.clock.advance(1_000)
    const answer = await world.identities.authenticator.basic(user, secret, '10.0.0.1')
    return 'failed' in answer ? answer.failed : answer.principal.name
  }
  beforeEach(async () => {
    world = await createWorld(kind)
    await addProject(world, 7, 'team')
    await addProject(world, 8, 'other')
  })
  afterEach(() => world.dispose())

  test('a robot of a project logs in under its whole name, and only that', async () => {
    const { robots } = world.identities
    const { robot, secret } = await robots.create(maker('team', 'content.pull'), team, { name: 'ci', rights: [pulling] })
    expect(robot).toMatchObject({ login: 'team+robot$ci', state: 'active', createdBy: 'root' })
    expect(await principalOf(world, 'team+robot$ci', secret)).toEqual({
      kind: 'robot', id: robot.id, name: 'team+robot$ci', version: 1, groups: [], project: 7, ceilings: [], mustChange: false,
    })
    for (const user of ['robot$ci', 'other+robot$ci', 'team+robot$cd', 'ci', 'root', 'nobody+robot$ci']) expect(await log(user, secret)).toBe('wrong')
    expect(await robots.rightsOf(robot.id)).toEqual([{ project: 7, path: 'web/*', permissions: ['content.pull'] }])
    await world.run(`insert into namespace_alias (name, namespace_id, created_at) values ('team-of-old', 7, 0)`)
    expect(await log('team-of-old+robot$ci', secret)).toBe('team+robot$ci')
  })

  test('a robot never gets more than its maker has, or leaves its project', async () => {
    const { robots } = world.identities
    const by = maker('team', 'content.pull')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, permissions: ['content.pull', 'content.push'] }] }))).toBe('WIDER')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, project: other }] }))).toBe('WIDER')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, project: undefined, path: '*' }] }))).toBe('WIDER')
    expect(await codeOf(robots.create(by, undefined, { name: 'ci', rights: [{ ...pulling, project: undefined, path: '*' }] }))).toBe('WIDER')
    expect(await codeOf(robots.create(by, undefined, { name: 'ci', rights: [{ ...pulling, project: undefined }] }))).toBe('INVALID')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, path: '../*' }] }))).toBe('INVALID')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, permissions: ['account.write'] }] }))).toBe('INVALID')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [{ ...pulling, permissions: ['everything' as Permission] }] }))).toBe('INVALID')
    await robots.create(by, team, { name: 'ci', rights: [pulling] })
    expect(await codeOf(robots.update(by, team, 'ci', { rights: [{ ...pulling, permissions: ['content.delete'] }] }))).toBe('WIDER')
    expect(await codeOf(robots.create(by, team, { name: 'ci', rights: [] }))).toBe('EXISTS')
    expect(await codeOf(robots.create(by, { id: 99, name: 'team' }, { name: 'ci', rights: [] }))).toBe('NOT_FOUND')
    // A robot of another project is not found through this one.
    expect(await robots.find(other, 'ci')).toBeUndefined()
    expect(await codeOf(robots.remove(actor, other, 'ci'))).toBe('NOT_FOUND')
    expect(await codeOf(robots.rotate(actor, undefined, 'ci', 0))).toBe('NOT_FOUND')
  })

  test('a new secret goes on beside the old one for as long as was asked', async () => {
    const { robots } = world.identities
    const { secret: first } = await robots.create(maker('team'), team, { name: 'ci', rights: [] })
    const { secret: second, until } = await robots.rotate(actor, team, 'ci', 10 * minutes)
    expect(until).toBe(world.clock.now() + 10 * minutes)
    expect([await log('team+robot$ci', first), await log('team+robot$ci', second)]).toEqual(['team+robot$ci', 'team+robot$ci'])
    world.clock.advance(10 * minutes - 2_000 - 1)
    expect(await log('team+robot$ci', first)).toBe('expired')
    expect(await log('team+robot$ci', second)).toBe('team+robot$ci')
    const { secret: third } = await robots.rotate(actor, team, 'ci', 0)
    expect(await log('team+robot$ci', second)).toBe('wrong')
    expect(await log('team+robot$ci', third)).toBe('team+robot$ci')
    for (let at = 0; at < 4; at++) await robots.rotate(actor, team, 'ci', minutes)
    expect(await codeOf(robots.rotate(actor, team, 'ci', minutes))).toBe('TOO_MANY')
    expect(await codeOf(robots.rotate(actor, team, 'ci', -1))).toBe('INVALID')
    expect(await codeOf(robots.rotate(actor, team, 'ci', 8 * 24 * 60 * minutes))).toBe('INVALID')
  })

  test('a robot ends at its time, when it is disabled, with its project, and when it is removed', async () => {
    const { robots } = world.identities
    const by = maker('team')
    const { secret } = await robots.create(by, team, { name: 'ci', rights: [], expiresAt: world.clock.now() + 10 * minutes })
    expect(await log('team+robot$ci', secret)).toBe('team+robot$ci')
    world.clock.advance(10 * minutes)
    expect(await log('team+robot$ci', secret)).toBe('expired')
    expect(await codeOf(robots.update(by, team, 'ci', { expiresAt: world.clock.now() }))).toBe('INVALID')
    expect(await robots.update(by, team, 'ci', { expiresAt: null, description: 'builds' })).toMatchObject({ expiresAt: undefined, description: 'builds', version: 2 })
    expect(await log('team+robot$ci', secret)).toBe('team+robot$ci')
    await robots.update(by, team, 'ci', { state: 'disabled' })
    expect(await log('team+robot$ci', secret)).toBe('wrong')
    await robots.update(by, team, 'ci', { state: 'active' })
    expect(await log('team+robot$ci', secret)).toBe('team+robot$ci')
    await robots.remove(actor, team, 'ci')
    expect(await log('team+robot$ci', secret)).toBe('wrong')
    const again = await robots.create(by, team, { name: 'ci', rights: [] })
    expect(await log('team+robot$ci', secret)).toBe('wrong')
    await world.run(`update namespace set state = 'deleting' where id = $1`, 7)
    world.clock.advance(61_000)
    expect(await log('team+robot$ci', again.secret)).toBe('wrong')
  })

  test('no event holds a secret or its hash', async () => {
    const { robots, tokens, accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const { secret: first } = await robots.create(maker('team', 'content.pull'), team, { name: 'ci', rights: [pulling] })
    const { secret: second } = await robots.rotate(actor, team, 'ci', 0)
    const { secret: third, id } = await tokens.create({ actor, principal: await principalOf(world, 'alice', good) }, { kind: 'personal', name: 'laptop' })
    await tokens.revoke(actor, 'alice', id)
    await robots.remove(actor, team, 'ci')
    const events = await world.events()
    const kinds = events.map(({ kind: what }) => what)
    expect(kinds).toEqual(['account.create', 'robot.create', 'robot.rotate', 'token.create', 'token.revoke', 'robot.delete'])
    const text = JSON.stringify(events)
    for (const secret of [first, second, third]) {
      expect(text).not.toContain(secret.slice(4))
      expect(text).not.toContain(new Bun.CryptoHasher('sha256').update(secret).digest('hex'))
    }
  })

  test('a personal token takes away from its owner, and ends with it', async () => {
    const { tokens, accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const by = { actor, principal: await principalOf(world, 'alice', good) }
    const wide = await tokens.create(by, { kind: 'personal', name: 'all' })
    expect(await principalOf(world, 'alice', wide.secret)).toMatchObject({ kind: 'account', id: by.principal.id, ceilings: [] })
    const narrow = await tokens.create(by, { kind: 'personal', name: 'laptop', permissions: ['content.pull'], place: { project: 7, path: 'web/*' } })
    const principal = await principalOf(world, 'alice', narrow.secret)
    const [ceiling] = principal.ceilings
    expect(ceiling?.name).toBe('token "laptop"')
    expect(ceiling?.allows('content.pull', 7, 'web/app')).toBe(true)
    const refused = [['content.push', 7, 'web/app'], ['content.pull', 8, 'web/app'], ['content.pull', 7, 'api'], ['content.pull', 7, undefined], ['content.pull', undefined, undefined]] as const
    for (const question of refused) expect(ceiling?.allows(question[0], question[1], question[2])).toBe(false)
    expect(await codeOf(tokens.create({ actor, principal }, { kind: 'personal', name: 'more' }))).toBe('WIDER')
    expect(await log('bob', wide.secret)).toBe('wrong')
    expect(await log('Alice', wide.secret)).toBe('wrong')
    expect((await tokens.list('alice', { after: 0, limit: 10 })).map(({ name, place }) => [name, place])).toEqual([['all', undefined], ['laptop', { project: 7, path: 'web/*' }]])
    await accounts.setState(actor, 'alice', 'disabled')
    expect([await log('alice', wide.secret), await log('alice', good)]).toEqual(['wrong', 'wrong'])
    await accounts.setState(actor, 'alice', 'active')
    expect(await log('alice', wide.secret)).toBe('alice')
    await accounts.create(actor, { name: 'bob', password: good })
    expect(await codeOf(tokens.revoke(actor, 'bob', wide.id))).toBe('NOT_FOUND')
    await tokens.revoke(actor, 'alice', wide.id)
    expect(await log('alice', wide.secret)).toBe('wrong')
    expect(await log('alice', narrow.secret)).toBe('alice')
  })

  test('an API key lives minutes; nothing in the past, nameless or unknown is made', async () => {
    const { tokens, accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const by = { actor, principal: await principalOf(world, 'alice', good) }
    const now = world.clock.now()
    for (const expiresAt of [undefined, now, now + 61 * minutes, NaN]) expect(await codeOf(tokens.create(by, { kind: 'key', name: 'job', expiresAt }))).toBe('INVALID')
    const bad = [{ name: '' }, { name: 'a\nb' }, { name: 'x'.repeat(101) }, { permissions: [] }, { permissions: ['root' as Permission] }, { place: { project: 7, path: '/' } }]
    for (const part of bad) expect(await codeOf(tokens.create(by, { kind: 'personal', name: 'x', ...part }))).toBe('INVALID')
    expect(await codeOf(tokens.create(by, { kind: 'personal', name: 'x', place: { project: 99, path: '*' } }))).toBe('NOT_FOUND')
    const { secret } = await tokens.create(by, { kind: 'key', name: 'job', expiresAt: now + 5 * minutes })
    expect(await world.identities.authenticator.basic('alice', secret, '10.0.0.1')).toMatchObject({ credential: 'key', expiresAt: now + 5 * minutes })
    world.clock.advance(5 * minutes - 1)
    expect(await log('alice', secret)).toBe('expired')
  })

  test('one account has so many tokens and no more', async () => {
    const { tokens, accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const by = { actor, principal: await principalOf(world, 'alice', good) }
    for (let at = 0; at < 200; at++) await tokens.create(by, { kind: 'personal', name: 'x', expiresAt: world.clock.now() + minutes })
    expect(await codeOf(tokens.create(by, { kind: 'personal', name: 'x' }))).toBe('TOO_MANY')
    world.clock.advance(25 * 60 * minutes)
    await tokens.create(by, { kind: 'personal', name: 'x' })
    expect(await tokens.list('alice', { after: 0, limit: 500 })).toHaveLength(1)
  })

  test('what was used last is written a minute later, in one go', async () => {
    const { robots, tokens, accounts } = world.identities
    await accounts.create(actor, { name: 'alice', password: good })
    const { secret } = await robots.create(maker('team'), team, { name: 'ci', rights: [] })
    const usedAt = world.clock.now()
    const token = await tokens.create({ actor, principal: await principalOf(world, 'alice', good) }, { kind: 'personal', name: 'x' })
    await principalOf(world, 'team+robot$ci', secret)
    await principalOf(world, 'alice', token.secret)
    const before = (await world.events()).length
    expect((await accounts.find('alice'))?.lastLoginAt).toBeUndefined()
    world.clock.advance(60_000)
    await world.identities.close()
    expect((await accounts.find('alice'))?.lastLoginAt).toBe(usedAt)
    expect((await robots.find(team, 'ci'))?.lastUsedAt).toBe(usedAt)
    expect((await tokens.list('alice', { after: 0, limit: 1 }))[0]?.lastUsedAt).toBe(usedAt)
    expect(await world.events()).toHaveLength(before)
  })
})
