import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Tag } from '../../oci/index.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { scopeCeiling } from '../bearer-tokens/token-access.ts'
import { account } from './question.testing.ts'
import { createTestRights, newRights, repositoryName, type TestRights } from './rights.testing.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))

const scope = (project: number) => scopeCeiling([{ type: 'repository', name: 'team/app', actions: ['pull'], project }])
const alice = account({ id: 1, groups: [1] })
const robot = account({ kind: 'robot', id: 1, name: 'team+robot$ci', project: 1 })
// The same objects again and again, as who sends the same credential is; some of them are the same account with less.
const principals: readonly (Principal | undefined)[] = [
  undefined,
  alice,
  { ...alice, ceilings: [{ name: 'token', allows: (permission) => permission === 'content.pull' }] },
  { ...alice, ceilings: [scope(1)] },
  { ...alice, ceilings: [scope(3)] },
  { ...alice, groups: [] },
  { ...alice, mustChange: true },
  account({ id: 2, name: 'bob' }),
  robot,
]

type Change = (t: TestRights) => Promise<void>

const project = fc.constantFrom(1, 2, 3)
const pattern = fc.constantFrom(['', 0], ['app', 1], ['web/', 0]) as fc.Arbitrary<[string, number]>
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(fc.option(project), pattern, fc.constantFrom('account', 'group', 'robot'), fc.constantFrom('guest', 'developer', 'maintainer', 'project-admin'))
    .map(([where, [prefix, exact], kind, role]): Change => (t) =>
      t.sql(
        `insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)
         values ($1, $2, $3, $4, 1, $5, 0) on conflict do nothing`,
        where, where === null ? '' : prefix, where === null ? 0 : exact, kind, role,
      )),
  fc.constantFrom('account', 'group', 'robot').map((kind): Change => (t) => t.sql('delete from access_grant where subject_kind = $1', kind)),
  fc
    .tuple(project, fc.constantFrom('public', 'internal', 'private'), fc.constantFrom('live', 'live', 'frozen', 'deleting'))
    .map(([id, visibility, state]): Change => (t) => t.sql('update namespace set visibility = $2, state = $3 where id = $1', id, visibility, state)),
  fc.tuple(project, fc.constantFrom('v*', '*')).map(([id, tags]): Change => (t) =>
    t.sql(
      `insert into tag_rule (namespace_id, prefix, exact, pattern, permissions, roles, created_at)
       values ($1, '', 0, $2, '["tag.create","tag.move","content.pull"]', '["maintainer"]', 0)`,
      id, tags,
    )),
  fc.tuple(fc.constantFrom('namespace_id', 'account_id'), fc.constantFrom('10.0.0.0/8', '::/0')).map(([column, networks]): Change => (t) =>
    t.sql(`insert into address_rule (${column}, networks, created_at) values (1, $1, 0)`, networks)),
  fc.constantFrom('tag_rule', 'address_rule').map((table): Change => (t) => t.sql(`delete from ${table}`)),
  // Another project gets the name, and the one that had it goes, or gets the other's.
  fc.constant<Change>(async (t) => {
    for (const [from, to] of [['team', 'passing'], ['later', 'team'], ['passing', 'later']] as const) {
      await t.sql('update namespace set name = $2 where name = $1', from, to)
    }
  }),
)

interface Asked {
  readonly who: number
  readonly permission: Permission
  readonly path: string
  readonly tag: string | undefined
  readonly address: string
}

const paths = ['team/app', 'team/web/app', 'team', 'later/app', 'other/app']
const tags = [undefined, 'v1', 'latest']
const addresses = ['10.0.0.1', '192.0.2.7', '::1']
const permissions = ['content.pull', 'content.pull', 'content.push', 'tag.create', 'tag.move', 'content.delete', 'repository.list', 'grant.write'] as const
const asked: fc.Arbitrary<Asked> = fc.record({
  who: fc.nat(principals.length - 1),
  permission: fc.constantFrom<Permission>(...permissions),
  path: fc.constantFrom('team/app', ...paths),
  tag: fc.constantFrom(undefined, ...tags),
  address: fc.constantFrom('10.0.0.1', ...addresses),
})

/** The same a second time, and then again between all that differs from it in one thing. */
function around(first: Asked): Asked[] {
  const others: Partial<Asked>[] = [
    ...addresses.map((address) => ({ address })),
    ...tags.map((tag) => ({ tag })),
    ...paths.map((path) => ({ path })),
    { permission: 'content.pull' },
    { permission: 'content.push' },
  ]
  return [first, first, ...others.flatMap((other) => [{ ...first, ...other }, first])]
}

/** There is something to allow and to refuse from the start. */
async function begin(t: TestRights): Promise<void> {
  for (const [id, name] of [[1, 'team'], [2, 'other'], [3, 'later']] as const) await t.project(id, name)
  for (const [id, name] of [[1, 'alice'], [2, 'bob']] as const) await t.account(id, name)
  await t.sql(`insert into account_group (id, name, created_at) values (1, 'dev', 0)`)
  await t.sql(`insert into robot (id, namespace_id, name, created_at) values (1, 1, 'ci', 0)`)
  await t.sql(`
    insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)
    values (1, '', 0, 'group', 1, 'developer', 0), (1, 'app', 1, 'robot', 1, 'developer', 0), (3, '', 0, 'account', 2, 'maintainer', 0)`)
  await t.sql(`insert into address_rule (namespace_id, networks, created_at) values (1, '10.0.0.0/8', 0)`)
  await t.sql(`
    insert into tag_rule (namespace_id, prefix, exact, pattern, permissions, roles, created_at)
    values (1, '', 0, 'v*', '["tag.create","tag.move"]', '["maintainer"]', 0)`)
}

forEachDatabase('what was decided a moment ago', (kind) => {
  test(`is decided the same by whoever remembers nothing, after any change and any other question (seed ${seed})`, async () => {
    let allowed = 0
    const rounds = fc.array(fc.tuple(fc.array(asked, { minLength: 2, maxLength: 4 }), changes), { minLength: 2, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(rounds, async (script) => {
        const t = await createTestRights(kind)
        try {
          await begin(t)
          for (const [questions, change] of script) {
            for (const { who, permission, path, tag, address } of questions.flatMap(around)) {
              const question = [principals[who], permission, { repository: repositoryName(path), tag: tag as Tag | undefined }, address] as const
              const fresh = await newRights(t.database, t.clock).decide(...question)
              if (fresh.allowed) allowed++
              expect([question, await t.rights.decide(...question)]).toEqual([question, fresh])
            }
            await change(t)
            await t.sql(`update meta set value = cast(cast(value as bigint) + 1 as text) where name = 'rights'`)
            t.clock.advance(1_000)
          }
        } finally {
          await t.dispose()
        }
      }),
      { numRuns: kind.dialect === 'sqlite' ? 30 : 4, seed },
    )
    expect(allowed).toBeGreaterThan(kind.dialect === 'sqlite' ? 200 : 0)
  }, 120_000)
})
