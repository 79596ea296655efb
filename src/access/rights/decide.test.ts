import { describe, expect, test } from 'bun:test'
import { permissions, type Permission } from '../permissions.ts'
import type { Ceiling } from '../principal.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import { decide, isHeld } from './decide.ts'
import { account, addressRule, everyPermission, facts, grant, question, robot, tagRule, type Asked } from './question.testing.ts'

const allows = (permission: Permission, asked?: Asked): boolean => decide(question(permission, asked)).allowed
const allowed = (asked: Asked): Permission[] => everyPermission.filter((permission) => allows(permission, asked))
const scopeOf = (permission: Permission): string => permissions[permission].scope
const ofScope = (...scopes: string[]) => (permission: Permission): boolean => scopes.includes(scopeOf(permission))
const reading: readonly Permission[] = ['content.pull', 'repository.list', 'project.read']

describe('by default', () => {
  test.each([
    ['nobody', { by: undefined }],
    ['an account', {}],
    ['a robot of the system', { by: robot(undefined) }],
    ['a robot of the project', { by: robot('team') }],
    ['an account with a role that is gone', { grants: [grant('gone', 'team')] }],
    ['an account with everything elsewhere', { grants: [grant('project-admin', 'other')] }],
  ] as const)('%s may do nothing', (_, asked) => {
    for (const path of ['app', undefined]) expect(allowed({ ...asked, path })).toEqual([])
  })
})

describe('a role gives what it holds', () => {
  test.each(Object.keys(builtInRoles))('%s in the whole system: everything of it, everywhere', (role) => {
    const asked = { grants: [grant(role)] }
    expect(allowed(asked)).toEqual(everyPermission.filter((permission) => builtInRoles[role]?.includes(permission)))
    expect(allowed({ ...asked, absent: true })).toEqual(allowed(asked))
    expect(allowed({ ...asked, path: undefined })).toEqual(allowed(asked))
  })

  test.each(Object.keys(builtInRoles).filter((role) => role !== 'admin'))('%s in a project: what is of projects, there', (role) => {
    const held = everyPermission.filter((permission) => builtInRoles[role]?.includes(permission)).filter(ofScope('repository', 'project'))
    expect(allowed({ grants: [grant(role, 'team')] })).toEqual(held)
    expect(allowed({ grants: [grant(role, 'other')] })).toEqual([])
    expect(allowed({ grants: [grant(role, 'team')], absent: true })).toEqual([])
  })

  test.each(Object.keys(builtInRoles).filter((role) => role !== 'admin'))('%s in a part of a project: what is of repositories, there', (role) => {
    const held = everyPermission.filter((permission) => builtInRoles[role]?.includes(permission))
    const inside = held.filter((permission) => scopeOf(permission) === 'repository' || permission === 'project.read')
    const beside = held.filter((permission) => permission === 'project.read')
    for (const path of ['a*', 'app', 'app*']) expect(allowed({ grants: [grant(role, 'team', path)] })).toEqual(inside)
    for (const path of ['b*', 'app/*', 'application', '']) expect(allowed({ grants: [grant(role, 'team', path)] })).toEqual(beside)
    expect(allowed({ grants: [grant(role, 'team', 'app')], path: undefined })).toEqual(beside)
  })

  test('the repository at the root of a project has a pattern of its own', () => {
    expect(allows('content.pull', { grants: [grant('guest', 'team', '')], path: '' })).toBe(true)
    expect(allows('content.pull', { grants: [grant('guest', 'team', '')], path: 'app' })).toBe(false)
    expect(allows('content.pull', { grants: [grant('guest', 'team', 'a*')], path: '' })).toBe(false)
  })

  test('admin gives nothing in a project', () => {
    expect(allowed({ grants: [grant('admin', 'team')] })).toEqual([])
  })

  test('a role that people made gives nothing of the system in a project', () => {
    const all = grant('everything', 'team', '*', everyPermission)
    expect(allowed({ grants: [all] })).toEqual(everyPermission.filter(ofScope('repository', 'project')))
  })

  test('roles add up', () => {
    expect(allowed({ grants: [grant('guest', 'team'), grant('ops')] }).sort()).toEqual(
      [...(builtInRoles['guest'] ?? []), ...(builtInRoles['ops'] ?? [])].sort(),
    )
  })

  test('ops sees no content, and the auditor changes nothing', () => {
    expect(allowed({ grants: [grant('ops')] }).filter(ofScope('repository', 'project'))).toEqual([])
    expect(allowed({ grants: [grant('auditor')] }).filter((name) => /write|push|delete|create|move|update|run/.test(name))).toEqual([])
  })
})

describe('visibility', () => {
  const inside = (visibility: 'public' | 'internal' | 'private', asked: Asked): Permission[] =>
    allowed({ ...asked, project: { facts: facts('team', { visibility }) } })

  test.each([
    ['nobody', { by: undefined }, reading, []],
    ['an account', {}, reading, reading],
    ['a robot of the system', { by: robot(undefined) }, reading, []],
    ['a robot of the project', { by: robot('team') }, reading, []],
    ['a robot of another project', { by: robot('other') }, reading, []],
  ] as const)('lets %s read', (_, asked, ofPublic, ofInternal) => {
    expect(inside('public', asked)).toEqual([...ofPublic])
    expect(inside('internal', asked)).toEqual([...ofInternal])
    expect(inside('private', asked)).toEqual([])
  })
})

describe('a robot of a project', () => {
  const everything = [grant('admin'), grant('project-admin', 'team'), grant('project-admin', 'other')]

  test('never leaves it, whatever it was granted', () => {
    expect(allowed({ by: robot('other'), grants: everything })).toEqual([])
    expect(allowed({ by: robot('other'), grants: everything, absent: true })).toEqual([])
    expect(allowed({ by: robot('team'), grants: everything })).toEqual(everyPermission.filter(ofScope('repository', 'project')))
  })
})

describe('a project', () => {
  const inState = (state: 'frozen' | 'deleting', asked: Asked): Permission[] => allowed({ ...asked, project: { facts: facts('team', { state }) } })

  test('that is archived can be read, and managed', () => {
    const frozen = inState('frozen', { grants: [grant('admin')] })
    expect(everyPermission.filter((permission) => !frozen.includes(permission))).toEqual([
      'content.push',
      'content.delete',
      'content.restore',
      'content.purge',
      'tag.create',
      'tag.move',
      'tag.delete',
      'repository.create',
      'repository.delete',
    ])
  })

  test('that is being deleted has no repositories', () => {
    expect(inState('deleting', { grants: [grant('project-admin', 'team')] }).filter(ofScope('repository'))).toEqual([])
    const shown = { state: 'deleting', visibility: 'public' } as const
    expect(allows('content.pull', { by: undefined, project: { facts: facts('team', shown) } })).toBe(false)
  })

  test('that is in the trash can be brought back, and says so to whoever knew it', () => {
    const project = { facts: facts('team', { state: 'deleting', trash: { number: 7, until: 86_400_000 } }) }
    const granted = (role: string) => ({ grants: [grant(role, 'team')], project })
    expect(allowed(granted('project-admin')).filter(ofScope('repository'))).toEqual(['content.restore', 'content.purge'])
    expect(allowed(granted('maintainer')).filter(ofScope('repository'))).toEqual(['content.restore'])
    const told = 'project team is in the trash until 1970-01-02T00:00:00.000Z: `berth trash restore 7` brings it back, `berth trash purge 7` frees its name'
    for (const permission of ['content.pull', 'content.push', 'tag.delete'] as const) {
      for (const asked of [granted('guest'), granted('developer'), { grants: [grant('admin')], project }]) {
        expect(decide(question(permission, asked))).toMatchObject({ allowed: false, hidden: false, gone: true, rule: told })
      }
      expect(decide(question(permission, { project }))).toEqual(decide(question(permission, { absent: true })))
    }
  })
})

describe('a tag rule', () => {
  const project = { tagRules: [tagRule('release-*', ['maintainer'])] }
  const developer = [grant('developer', 'team')]

  test('lets only its roles create, move and delete the tags it names', () => {
    const tags: Permission[] = ['tag.create', 'tag.move', 'tag.delete']
    for (const permission of tags) {
      expect(allows(permission, { grants: [grant('maintainer', 'team')], project, tag: 'release-1' })).toBe(true)
      expect(allows(permission, { grants: developer, project, tag: 'release-1' })).toBe(false)
    }
    expect(decide(question('tag.move', { grants: developer, project, tag: 'release-1' })).rule).toBe('tag rule release-*: only maintainer')
  })

  test('lets the roles above pass as well, and no other that holds the permission', () => {
    const passing = (grants: NonNullable<Asked['grants']>, roles: readonly string[]) =>
      allows('tag.move', { grants, project: { tagRules: [tagRule('release-*', roles)] }, tag: 'release-1' })
    expect(passing([grant('project-admin', 'team')], ['maintainer'])).toBe(true)
    expect(passing([grant('admin')], ['maintainer'])).toBe(true)
    expect(passing([grant('admin')], ['releaser'])).toBe(false)
    expect(passing([grant('developer', 'team')], ['maintainer', 'guest'])).toBe(true)
    expect(passing([grant('maintainer', 'team')], ['project-admin'])).toBe(false)
    for (const role of ['maintainer', 'project-admin', 'admin']) expect(passing([grant(role, role === 'admin' ? undefined : 'team')], [])).toBe(false)
    expect(passing([grant('project-admin', 'team')], ['auditor'])).toBe(false)
  })

  test('does not touch other tags, other permissions, pulls and pushes', () => {
    expect(allows('tag.move', { grants: developer, project, tag: 'latest' })).toBe(true)
    for (const permission of ['content.pull', 'content.push'] as const) expect(allows(permission, { grants: developer, project })).toBe(true)
    const moving = { tagRules: [tagRule('release-*', ['maintainer'], '*', ['tag.move'])] }
    expect(allows('tag.create', { grants: developer, project: moving, tag: 'release-1' })).toBe(true)
    expect(allows('tag.move', { grants: developer, project: moving, tag: 'release-1' })).toBe(false)
  })

  test('holds in its part of the project', () => {
    const part = { tagRules: [tagRule('*', ['maintainer'], 'web/*')] }
    expect(allows('tag.move', { grants: developer, project: part, tag: 'x', path: 'web/app' })).toBe(false)
    expect(allows('tag.move', { grants: developer, project: part, tag: 'x', path: 'db' })).toBe(true)
  })

  test('gives nothing: the role has to hold the permission, and to reach there', () => {
    const guests = { tagRules: [tagRule('*', ['guest', 'maintainer'])] }
    expect(allows('tag.move', { grants: [grant('guest', 'team')], project: guests, tag: 'x' })).toBe(false)
    const elsewhere = [grant('developer', 'team'), grant('maintainer', 'team', 'web/*')]
    expect(allows('tag.move', { grants: elsewhere, project: { tagRules: [tagRule('*', ['maintainer'])] }, tag: 'x' })).toBe(false)
  })

  test('without a role lets nobody', () => {
    const nobody = { tagRules: [tagRule('v1', [])] }
    expect(decide(question('tag.delete', { grants: [grant('admin')], project: nobody, tag: 'v1' })).rule).toBe('tag rule v1: nobody')
  })

  test('holds for whoever asks without naming a tag', () => {
    expect(allows('tag.move', { grants: developer, project })).toBe(false)
  })

  test('is passed by all of several rules', () => {
    const both = { tagRules: [tagRule('release-*', ['maintainer', 'project-admin']), tagRule('*-1', ['project-admin'])] }
    expect(allows('tag.move', { grants: [grant('maintainer', 'team')], project: both, tag: 'release-1' })).toBe(false)
    expect(allows('tag.move', { grants: [grant('project-admin', 'team')], project: both, tag: 'release-1' })).toBe(true)
  })
})

describe('an address rule', () => {
  const grants = [grant('developer', 'team')]

  test.each([
    ['of the project', { project: { addressRules: [addressRule('project team', '10.0.0.0/8')] } }, 'project team'],
    ['of the account', { addressRules: [addressRule('account alice', '10.0.0.0/8')] }, 'account alice'],
  ] as const)('%s keeps everybody else out', (_, rules, of) => {
    expect(allows('content.pull', { grants, ...rules, address: '10.1.1.1' })).toBe(true)
    for (const address of ['192.0.2.1', '::1', '', 'unknown']) {
      const decision = decide(question('content.pull', { grants, ...rules, address }))
      expect(decision).toMatchObject({ allowed: false, rule: `address ${address} is not in the allow-list of ${of}` })
    }
  })

  test('is about the permissions that it names', () => {
    const project = { addressRules: [addressRule('project team', '10.0.0.0/8', ['content.push'])] }
    expect(allows('content.pull', { grants, project, address: '192.0.2.1' })).toBe(true)
    expect(allows('content.push', { grants, project, address: '192.0.2.1' })).toBe(false)
  })

  test('holds for what is public, and all of several have to agree', () => {
    const two = [addressRule('project team', '10.0.0.0/8'), addressRule('project team', '10.1.0.0/16')]
    const project = { facts: facts('team', { visibility: 'public' }), addressRules: two }
    expect(allows('content.pull', { by: undefined, project, address: '10.1.0.1' })).toBe(true)
    expect(allows('content.pull', { by: undefined, project, address: '10.2.0.1' })).toBe(false)
  })
})

describe('a credential', () => {
  const ceiling = (name: string, allows: Ceiling['allows']): Ceiling => ({ name, allows })
  const narrow = ceiling('token "laptop"', (permission) => permission === 'content.pull')

  test('takes away, and gives nothing', () => {
    expect(allowed({ by: account({ ceilings: [narrow] }), grants: [grant('admin')] })).toEqual(['content.pull'])
    expect(allowed({ by: account({ ceilings: [ceiling('all', () => true)] }) })).toEqual([])
    const two = [ceiling('all', () => true), narrow]
    expect(allowed({ by: account({ ceilings: two }), grants: [grant('admin')] })).toEqual(['content.pull'])
  })

  test('is asked about the id of the project, not its name', () => {
    const here = ceiling('token', (_, project, path) => project === 1 && path === 'app')
    const by = account({ ceilings: [here] })
    expect(allows('content.pull', { by, grants: [grant('admin')] })).toBe(true)
    expect(allows('content.pull', { by, grants: [grant('admin')], path: 'api' })).toBe(false)
    expect(allows('content.pull', { by, grants: [grant('admin')], project: { facts: facts('team', { id: 3 }) } })).toBe(false)
    expect(allows('content.pull', { by, grants: [grant('admin')], absent: true })).toBe(false)
  })

  test('refuses before anything is looked at, in words that tell nothing of the place', () => {
    const by = account({ ceilings: [narrow] })
    const answers = [{}, { absent: true }, { grants: [grant('admin')] }].map((asked) => decide(question('content.push', { by, ...asked })))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toEqual({ allowed: false, rule: 'token "laptop" does not allow content.push', hidden: false, narrowed: true })
  })

  test('of an account that has to choose a new password is good for nothing', () => {
    expect(allowed({ by: account({ mustChange: true }), grants: [grant('admin')] })).toEqual([])
  })
})

describe('a refusal', () => {
  const refusal = (permission: Permission, asked?: Asked) => decide(question(permission, asked))

  test('hides a place from those who have nothing to do with it, as if it was absent', () => {
    for (const by of [undefined, account(), robot(undefined), robot('other')]) {
      for (const permission of everyPermission.filter(ofScope('repository', 'project'))) {
        const [there, absent] = [refusal(permission, { by }), refusal(permission, { by, absent: true })]
        expect(there).toEqual(absent)
        expect(there.hidden).toBe(true)
      }
    }
    expect(refusal('content.pull', { grants: [grant('ops')] }).hidden).toBe(true)
    expect(refusal('content.pull', { grants: [grant('guest', 'team', 'web/*')] }).hidden).toBe(true)
  })

  test('speaks to those who may see it', () => {
    expect(refusal('content.push', { grants: [grant('guest', 'team')] }).hidden).toBe(false)
    expect(refusal('content.push', { project: { facts: facts('team', { visibility: 'internal' }) } }).hidden).toBe(false)
    expect(refusal('grant.write', { grants: [grant('guest', 'team', 'web/*')], path: undefined }).hidden).toBe(false)
    expect(refusal('job.run', { absent: true, path: undefined }).hidden).toBe(false)
  })
})

test('what is open to everybody is nobody’s to hand on', () => {
  const project = { facts: facts('team', { visibility: 'public' }) }
  expect(isHeld(question('content.pull', { project }))).toBe(false)
  expect(isHeld(question('content.pull', { project, grants: [grant('guest', 'team')] }))).toBe(true)
  expect(isHeld(question('content.push', { project: { facts: facts('team', { state: 'frozen' }) }, grants: [grant('developer', 'team')] }))).toBe(true)
})
