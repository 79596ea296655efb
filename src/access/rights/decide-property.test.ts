import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { matchesPath } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import type { Ceiling, Principal } from '../principal.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import { decide, isPublic, type Question } from './decide.ts'
import { projectGrants } from './project-grants.ts'
import { account, addressRule, everyPermission, facts, grant, question, robot, tagRule, type Asked } from './question.testing.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const options = { numRuns: 20_000, seed }

const paths = ['', 'app', 'web/app', 'web-app']
const patterns = ['*', '', 'app', 'web/*', 'web*']
const roles = Object.keys(builtInRoles)
const grants = fc.array(
  fc
    .tuple(fc.constantFrom(...roles), fc.constantFrom(undefined, 'team', 'other'), fc.constantFrom(...patterns))
    .map(([role, project, path]) => grant(role, project as 'team' | undefined, project === undefined ? '*' : path)),
  { maxLength: 4 },
)
const principals = fc.constantFrom<Principal | undefined>(undefined, account(), robot(undefined), robot('team'), robot('other'))
const rules = fc.record({
  facts: fc
    .tuple(fc.constantFrom('public', 'internal', 'private'), fc.constantFrom('live', 'live', 'frozen', 'deleting'))
    .map(([visibility, state]) => facts('team', { visibility, state })),
  tagRules: fc.array(fc.tuple(fc.constantFrom('v*', 'v1', '*'), fc.subarray(roles)).map(([tags, through]) => tagRule(tags, through)), { maxLength: 2 }),
  addressRules: fc.array(fc.constantFrom(addressRule('project team', '10.0.0.0/8'), addressRule('project team', '::1')), { maxLength: 1 }),
})
const asked = fc.record<Asked>({
  by: principals,
  grants,
  project: rules,
  absent: fc.boolean(),
  path: fc.constantFrom(undefined, ...paths),
  tag: fc.constantFrom('v1', 'latest'),
  address: fc.constantFrom('10.0.0.1', '192.0.2.1'),
})
const questions = fc.tuple(fc.constantFrom(...everyPermission), asked).map(([permission, rest]) => question(permission, rest))

const allows = (of: Question): boolean => decide(of).allowed
const without = (of: Question): Question => ({ ...of, rights: { inSystem: [], inProjects: new Map(), addressRules: of.rights.addressRules } })

/** Checks it of many questions, of which enough have to be such that there is something to check. */
function holds(what: string, applies: (of: Question) => boolean, check: (of: Question) => void): void {
  test(`${what} (seed ${seed})`, () => {
    let applied = 0
    fc.assert(
      fc.property(questions, (each) => {
        if (!applies(each)) return
        applied++
        check(each)
      }),
      options,
    )
    expect(applied).toBeGreaterThan(200)
  })
}

holds('without a grant nothing but reading what is open is allowed', allows, (each) => {
  if (!allows(without(each))) return
  expect(['content.pull', 'repository.list', 'project.read']).toContain(each.permission)
  expect(['public', 'internal']).toContain(each.project?.facts.visibility ?? 'no project')
})

holds('whatever is allowed is held by a grant that reaches there, or open', allows, (each) => {
  const { inSystem, inProjects } = each.rights
  const near = [...inSystem, ...(inProjects.get(each.project?.facts.id ?? 0)?.all ?? [])]
  expect(allows(without(each)) || near.some(({ permissions }) => permissions.has(each.permission))).toBe(true)
})

test(`of many grants none that counts is passed over (seed ${seed})`, () => {
  const many = fc.array(fc.tuple(fc.constantFrom(...patterns), fc.nat(3)), { minLength: 9, maxLength: 40 })
  fc.assert(
    fc.property(many, fc.constantFrom(...paths), (written, path) => {
      const all = written.map(([pattern, length]) => grant('guest', 'team', `${pattern.replace('*', 'a'.repeat(length))}${pattern.endsWith('*') ? '*' : ''}`))
      const near = projectGrants(all).near(path)
      const matching = all.filter(({ pattern }) => matchesPath(pattern, path))
      expect(new Set(near)).toEqual(new Set(matching))
    }),
    { ...options, numRuns: 2_000 },
  )
})

const ceilings = fc.array(
  fc.constantFrom<Ceiling>(
    { name: 'pulls', allows: (permission) => permission === 'content.pull' },
    { name: 'team', allows: (_, project) => project === 1 },
    { name: 'web', allows: (_, __, path) => path?.startsWith('web/') === true },
    { name: 'all', allows: () => true },
  ),
  { maxLength: 3 },
)

test(`a ceiling never widens, and takes away what it does not allow (seed ${seed})`, () => {
  fc.assert(
    fc.property(questions, ceilings, (each, limits) => {
      if (each.principal === undefined) return
      const limited = allows({ ...each, principal: { ...each.principal, ceilings: limits } })
      const within = limits.every((limit) => limit.allows(each.permission, each.project?.facts.id, each.path))
      expect(limited).toBe(within && allows(each))
    }),
    options,
  )
})

holds(
  'a robot never has more outside of its project than anybody',
  (each) => each.principal?.project !== undefined && each.principal.project !== each.project?.facts.id,
  (each) => expect(allows(each)).toBe(allows({ ...without(each), principal: undefined }) && allows(without(each))),
)

holds('another grant never takes away', allows, (each) => {
  const more = grant('maintainer', 'team')
  const inProjects = new Map([...each.rights.inProjects, [1, projectGrants([...(each.rights.inProjects.get(1)?.all ?? []), more])]])
  expect(allows({ ...each, rights: { ...each.rights, inProjects } })).toBe(true)
})

holds('another rule never gives', () => true, (each) => {
  if (each.project === undefined) return
  const tagRules = [...each.project.tagRules, tagRule('*', ['maintainer'])]
  const addressRules = [...each.project.addressRules, addressRule('project team', '10.0.0.0/8')]
  if (allows({ ...each, project: { ...each.project, tagRules, addressRules } })) expect(allows(each)).toBe(true)
})

holds('a refusal that hides reads like one of an absent project', (each) => each.project !== undefined && decide(each).hidden, (each) => {
  expect(decide(each)).toEqual(decide({ ...each, project: undefined }))
})

test(`public is what anybody may pull from everywhere (seed ${seed})`, () => {
  const limits = fc.constantFrom<readonly Permission[] | undefined>(undefined, ['content.pull'], ['content.push'])
  const limited = fc.array(limits.map((some) => addressRule('project team', '10.0.0.0/8', some)), { maxLength: 2 })
  const found = new Set<boolean>()
  fc.assert(
    fc.property(rules, limited, (given, addressRules) => {
      const project = { ...given, addressRules }
      const nobody = question('content.pull', { by: undefined, project, address: '' })
      expect(isPublic(project)).toBe(allows(nobody))
      found.add(isPublic(project))
    }),
    { ...options, numRuns: 2_000 },
  )
  expect(found.size).toBe(2)
})

holds('a system that nobody was given stays closed', (each) => allows(each) && /^(account|group|role|event|job|system|project\.create)/.test(each.permission), (each) => {
  expect(each.rights.inSystem.some(({ permissions }) => permissions.has(each.permission))).toBe(true)
})
