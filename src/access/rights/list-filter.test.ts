import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement } from '../../database/index.ts'
import type { Principal } from '../principal.ts'
import { addAddressRule } from '../rules/rule-transactions.ts'
import { repositoryFilter, repositoryFilterValues, projectFilter, projectFilterValues } from './list-filter-store.ts'
import { account, robot } from './question.testing.ts'
import { createTestRights, repositoryName, type TestRights } from './rights.testing.ts'

const address = '10.0.0.1'
const [repositories, projects] = [repositoryFilter(3), projectFilter(3)]
const repositoryPage = (filter: string) => `
  select r.path as name from repository r join namespace n on n.id = r.namespace_id
  where r.path > $1 and r.deleted_at is null and ${filter} order by r.path limit $2`
const listed = statement<{ name: string }>({
  sqlite: repositoryPage(repositories.sqlite),
  postgres: repositoryPage(repositories.postgres),
})
const projectPage = (filter: string) => `
  select n.name from namespace n where n.name > $1 and n.deleted_at is null and ${filter} order by n.name limit $2`
const listedProjects = statement<{ name: string }>({ sqlite: projectPage(projects.sqlite), postgres: projectPage(projects.postgres) })

forEachDatabase('a list of repositories', (kind) => {
  let t: TestRights
  let alice: Principal
  const names = ['public', 'internal', 'team', 'other', 'part']
  const paths = ['', '/app', '/app-2', '/web/a', '/web/b', '/web-x', '/webs']

  beforeEach(async () => {
    t = await createTestRights(kind)
    for (const [index, name] of names.entries()) {
      await t.project(index + 1, name, index === 0 ? 'public' : index === 1 ? 'internal' : 'private')
      for (const path of paths) await t.sql('insert into repository (namespace_id, path, created_at) values ($1, $2, 0)', index + 1, name + path)
    }
    alice = await t.account(1, 'alice')
  })
  afterEach(() => t.dispose())

  const grant = async (project: number | null, prefix: string, exact: number, role: string, account = 1): Promise<void> => {
    const into = 'insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)'
    await t.sql(`${into} values ($1, $2, $3, 'account', $4, $5, 0)`, project, prefix, exact, account, role)
  }
  const seen = async (principal: Principal | undefined, page = 1_000): Promise<string[]> => {
    const found: string[] = []
    const values = repositoryFilterValues(await t.rights.listScope(principal, 'repository.list', address))
    for (;;) {
      const rows = await t.database.all(listed, found.at(-1) ?? '', page, ...values)
      found.push(...rows.map(({ name }) => name))
      if (rows.length < page) return found
    }
  }
  /** One by one, as a request for each would be decided. */
  const decided = async (principal: Principal | undefined): Promise<string[]> => {
    const all = names.flatMap((name) => paths.map((path) => name + path)).sort()
    const allowed = []
    for (const path of all) {
      const { allowed: may } = await t.rights.decide(principal, 'repository.list', { repository: repositoryName(path) }, address)
      if (may) allowed.push(path)
    }
    return allowed
  }

  test('shows what the decision allows, and nothing else, in pages of any size', async () => {
    await grant(3, '', 0, 'guest')
    await grant(4, '', 0, 'ops')
    await grant(5, 'web/', 0, 'guest')
    await grant(5, 'app', 1, 'guest')
    await grant(5, '', 1, 'guest')
    await grant(5, 'web/', 0, 'developer')
    const narrow = account({ ...alice, ceilings: [{ name: 'token', allows: (_, project, path) => project === 3 || (project === 5 && path?.startsWith('web/') === true) }] })
    const elsewhere = account({ ...alice, id: 2 })
    for (const principal of [undefined, alice, elsewhere, narrow, robot('team'), account({ mustChange: true })]) {
      expect(await seen(principal)).toEqual(await decided(principal))
      expect(await seen(principal, 3)).toEqual(await decided(principal))
    }
    expect((await seen(alice)).filter((path) => path.startsWith('part'))).toEqual(['part', 'part/app', 'part/web/a', 'part/web/b'])
    for (const id of [1, 3]) {
      const input = { actor: { identity: 'admin', address }, owner: { kind: 'project', id }, permissions: undefined, networks: '192.0.2.0/24' } as const
      expect(await t.database.transact(addAddressRule, input)).toHaveProperty('ok')
    }
    await grant(null, '', 0, 'auditor', 2)
    await t.sql(`update meta set value = '9' where name = 'rights'`)
    t.clock.advance(1_000)
    for (const principal of [undefined, alice, elsewhere]) expect(await seen(principal)).toEqual(await decided(principal))
  })

  test('of projects shows those of which a part may be read', async () => {
    await grant(5, 'web/', 0, 'guest')
    const values = projectFilterValues(await t.rights.listScope(alice, 'project.read', address))
    const rows = await t.database.all(listedProjects, '', 10, ...values)
    expect(rows.map(({ name }) => name)).toEqual(['internal', 'part', 'public'])
  })
})

forEachDatabase('a page of repositories among 5,000, for somebody with 1,000 grants,', (kind) => {
  let t: TestRights
  beforeEach(async () => {
    t = await createTestRights(kind)
    await t.account(1, 'alice')
    const series = (to: number) =>
      kind.dialect === 'postgres' ? `generate_series(1, ${to}) as s(value)` : `(with recursive c(value) as (select 1 union all select value + 1 from c where value < ${to}) select value from c) as s`
    await t.sql(`insert into namespace (domain_id, name, created_at) select 1, 'p' || s.value, 0 from ${series(2_000)}`)
    await t.sql(`
      insert into repository (namespace_id, path, created_at)
      select n.id, n.name || '/r' || s.value, 0 from namespace n cross join ${series(5)} where n.id <= 1000`)
    // Half of them of whole projects, half of parts: none of the first 500 projects.
    await t.sql(`
      insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)
      select id, case when id % 2 = 0 then '' else 'r1' end, id % 2, 'account', 1, 'guest', 0 from namespace where id > 500 and id <= 1500`)
    if (kind.dialect === 'postgres') await t.sql('analyze')
  })
  afterEach(() => t.dispose())

  test('costs as much whatever was granted', async () => {
    const values = repositoryFilterValues(await t.rights.listScope(account({ id: 1 }), 'repository.list', address))
    const rows = await t.database.all(listed, '', 101, ...values)
    expect(rows).toHaveLength(101)
    const all = await t.database.all(listed, '', 10_000, ...values)
    expect(all).toHaveLength(250 * 5 + 250)
    const { sqlite, postgres } = listed
    const explain = { name: 'explain', sqlite: `explain query plan ${sqlite}`, postgres: `explain ${postgres}` }
    const plan = await t.database.all<Record<string, unknown>>(explain, '', 101, ...values)
    const lines = plan.map((row) => Object.values(row).join(' ')).join('\n')
    // PostgreSQL may rather sort as few as these. What it must not do is hold every repository against every part that was granted.
    expect(lines).toMatch(kind.dialect === 'sqlite' ? /SEARCH r USING INDEX repository_by_path/ : /hashed SubPlan 3/)
    expect(lines).toMatch(kind.dialect === 'sqlite' ? /SEARCH x USING INDEX/ : /Index (Only )?Scan using \w+ on repository y/)
    expect(lines).not.toMatch(/temp b-tree|SCAN [rnx]|Seq Scan on repository [xy]/)
  })
})
