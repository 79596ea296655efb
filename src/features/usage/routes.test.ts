import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement } from '../../database/index.ts'
import { systemIds } from '../../lib/index.ts'
import { claimedRun } from '../../jobs/job-run.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { allowAll, createRegistry } from '../../registry/index.ts'
import { pushBlob, settings } from '../../registry/test-registry.testing.ts'
import { createMemoryStore } from '../../storage/index.ts'
import { keepStoredUsage, recordUsage, type ActorKind, type Sums } from './usage-transactions.ts'

const admin = `admin:${rootPassword}`
const words = { first: 'Quiet 9 herons wade', own: 'Slow 8 otters drift' }
const dayLength = 86_400_000
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const repositories = statement<{ id: number; path: string; namespace_id: number }>('select id, path, namespace_id from repository order by path')
const accounts = statement<{ id: number }>('select id from account where name = $1')

forEachDatabase('the routes of usage', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  let batch = 0
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    batch = 0
  })
  afterEach(() => t.dispose())

  const ok = async (user: string, method: string, path: string, body?: unknown) => {
    const answer = await t.send(user, method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  const person = async (name: string, grants: readonly { readonly role: string; readonly project?: string; readonly pattern?: string }[] = []): Promise<string> => {
    await ok(admin, 'POST', '/accounts', { name, password: words.first })
    await ok(`${name}:${words.first}`, 'PUT', '/whoami/password', { current: words.first, password: words.own })
    for (const { role, project, pattern } of grants) {
      const place = project === undefined ? '/grants' : `/projects/${project}/grants`
      await ok(admin, 'POST', place, { subject: { kind: 'account', name }, role, ...(pattern === undefined ? {} : { pattern }) })
    }
    return `${name}:${words.own}`
  }
  const idOf = async (name: string): Promise<number> => (await t.database.one(accounts, name))?.id ?? 0
  /** What the meter would have written. */
  const use = async (path: string, actor: ActorKind, actorId: number, ...sums: Sums): Promise<void> => {
    const repository = (await t.database.all(repositories)).find((row) => row.path === path)?.id ?? 0
    await t.database.transact(recordUsage, { writer: 'test', batch: ++batch, used: [{ repository, actor, actorId, sums }], asked: [] })
  }
  const today = (): string => dayText(t.clock.now())
  const namesOf = ({ items }: { readonly items: readonly { readonly project?: string; readonly repository?: string }[] }) =>
    items.map(({ project, repository }) => project ?? repository)

  /** Three projects with repositories, and their use today. */
  const stock = async (): Promise<void> => {
    for (const [name, visibility] of [['other', 'private'], ['pub', 'public'], ['team', 'private']] as const) await ok(admin, 'POST', '/projects', { name, visibility })
    const store = createMemoryStore(t.clock.now)
    const registry = createRegistry({ ...t, store, ids: systemIds, authorize: allowAll, settings, contentCache: 1024 })
    for (const path of ['other/app', 'pub/app', 'team/app', 'team/web/a', 'team/web/b']) await pushBlob(registry, path, '{}')
    await use('team/app', 'anonymous', 0, 1, 100, 0, 0)
    await use('team/web/a', 'anonymous', 0, 0, 0, 2, 50)
    await use('other/app', 'anonymous', 0, 7, 700, 0, 0)
    await use('pub/app', 'anonymous', 0, 5, 500, 0, 0)
  }

  test('show each project to whoever may see it, filtered before the page is cut; ops and auditors see all', async () => {
    await stock()
    const guest = await person('guest', [{ role: 'guest', project: 'team' }])
    const ops = await person('ops', [{ role: 'ops' }])
    const auditor = await person('auditor', [{ role: 'auditor' }])
    const nobody = await person('nobody')
    expect((await ok(admin, 'GET', '/usage')).items).toEqual([
      { project: 'other', pulls: 7, pulledBytes: 700, pushes: 0, pushedBytes: 0 },
      { project: 'pub', pulls: 5, pulledBytes: 500, pushes: 0, pushedBytes: 0 },
      { project: 'team', pulls: 1, pulledBytes: 100, pushes: 2, pushedBytes: 50 },
    ])
    for (const [user, expected] of [
      [ops, ['other', 'pub', 'team']],
      [auditor, ['other', 'pub', 'team']],
      [guest, ['pub', 'team']],
      [nobody, ['pub']],
      ['', ['pub']],
    ] as const) {
      expect(namesOf(await ok(user, 'GET', '/usage'))).toEqual([...expected])
      const paged: unknown[] = []
      let next: string | undefined
      do {
        const page = await ok(user, 'GET', `/usage?limit=1${next === undefined ? '' : `&cursor=${next}`}`)
        paged.push(...namesOf(page))
        next = page.next
      } while (next !== undefined)
      expect(paged).toEqual([...expected])
    }
    for (const user of [guest, nobody, ops]) expect((await t.send(user, 'GET', '/projects/other/usage')).status).toBe(404)
    expect((await t.send('', 'GET', '/projects/team/usage')).status).toBe(401)
  })

  test('show the repositories of a project that the caller may see', async () => {
    await stock()
    const whole = await person('whole', [{ role: 'guest', project: 'team' }])
    const part = await person('part', [{ role: 'guest', project: 'team', pattern: 'web/*' }])
    expect(namesOf(await ok(whole, 'GET', '/projects/team/usage'))).toEqual(['team/app', 'team/web/a', 'team/web/b'])
    expect(namesOf(await ok(part, 'GET', '/projects/team/usage?by=repository'))).toEqual(['team/web/a', 'team/web/b'])
    const first = await ok(part, 'GET', '/projects/team/usage?limit=1')
    expect(namesOf(first)).toEqual(['team/web/a'])
    expect(namesOf(await ok(part, 'GET', `/projects/team/usage?limit=1&cursor=${first.next}`))).toEqual(['team/web/b'])
    expect((await ok(whole, 'GET', '/projects/team/usage')).items[0]).toEqual({ repository: 'team/app', pulls: 1, pulledBytes: 100, pushes: 0, pushedBytes: 0 })
  })

  test('show days, of the period that was asked for', async () => {
    await stock()
    const first = today()
    t.clock.advance(2 * dayLength)
    const last = today()
    await use('team/app', 'anonymous', 0, 3, 300, 0, 0)
    const days = async (query: string) => (await ok(admin, 'GET', `/projects/team/usage?by=day${query}`)).items
    const [one, three] = [
      { day: first, pulls: 1, pulledBytes: 100, pushes: 2, pushedBytes: 50 },
      { day: last, pulls: 3, pulledBytes: 300, pushes: 0, pushedBytes: 0 },
    ]
    expect(await days('')).toEqual([one, three])
    expect(await days(`&from=${last}`)).toEqual([three])
    expect(await days(`&to=${first}`)).toEqual([one])
    expect(await days('&from=2020-01-01&to=2020-02-29')).toEqual([])
    const page = await ok(admin, 'GET', '/projects/team/usage?by=day&limit=1')
    expect((await ok(admin, 'GET', `/projects/team/usage?by=day&limit=1&cursor=${page.next}`)).items).toEqual([three])
    expect((await ok(admin, 'GET', `/usage?from=${last}`)).items).toMatchObject([{ pulls: 0 }, { pulls: 0 }, { project: 'team', pulls: 3 }])
  })

  test('show callers to whoever may see grants, and no name that is not theirs to know', async () => {
    await stock()
    const lead = await person('lead', [{ role: 'project-admin', project: 'pub' }])
    const guest = await person('guest', [{ role: 'guest', project: 'pub' }])
    await person('stranger')
    const { login } = await ok(admin, 'POST', '/projects/pub/robots', { name: 'ci', rights: [{ project: 'pub', permissions: ['content.pull'] }] })
    for (const name of ['lead', 'guest', 'stranger']) await use('pub/app', 'account', await idOf(name), 1, 10, 0, 0)
    await use('pub/app', 'robot', 1, 2, 20, 0, 0)
    const actors = async (user: string) => (await ok(user, 'GET', '/projects/pub/usage?by=actor')).items.map(({ actor }: { readonly actor: unknown }) => actor)
    const [stranger, robot] = [String(await idOf('stranger')), { kind: 'robot', id: '1', name: login }]
    const ids = { lead: String(await idOf('lead')), guest: String(await idOf('guest')) }
    const known = [{ kind: 'account', id: ids.lead, name: 'lead' }, { kind: 'account', id: ids.guest, name: 'guest' }]
    expect(await actors(lead)).toEqual([...known, { kind: 'account', id: stranger }, { kind: 'anonymous' }, robot])
    expect(await actors(admin)).toEqual([...known, { kind: 'account', id: stranger, name: 'stranger' }, { kind: 'anonymous' }, robot])
    for (const [user, status] of [[guest, 403], ['', 401]] as const) {
      expect((await t.send(user, 'GET', '/projects/pub/usage?by=actor')).status).toBe(status)
      expect((await t.send(user, 'GET', '/projects/pub/usage')).status).toBe(200)
    }
    const paged: string[] = []
    let next: string | undefined
    do {
      const page = await ok(admin, 'GET', `/projects/pub/usage?by=actor&limit=2${next === undefined ? '' : `&cursor=${next}`}`)
      paged.push(...page.items.map(({ actor: { kind: of, id } }: { actor: { kind: string; id?: string } }) => `${of} ${id ?? ''}`))
      next = page.next
    } while (next !== undefined)
    expect(paged).toEqual([`account ${ids.lead}`, `account ${ids.guest}`, `account ${stranger}`, 'anonymous ', 'robot 1'])
    // Gone is gone: what is left of somebody is a number.
    await ok(admin, 'DELETE', '/accounts/guest')
    expect(await actors(admin)).toContainEqual({ kind: 'account', id: ids.guest })
  })

  test('show what is stored as it was counted', async () => {
    await stock()
    const app = (await t.database.all(repositories)).find(({ path }) => path === 'team/app')
    const countedAt = t.clock.now()
    const rows = [
      { repository: 0, logical: 30, deduplicated: 20, trash: 5 },
      { repository: app?.id ?? 0, logical: 15, deduplicated: 12, trash: 5 },
    ]
    const { token: run } = await claimedRun(t.database, {})
    await t.database.transact(keepStoredUsage, { run, project: app?.namespace_id ?? 0, countedAt, rows, last: true })
    const at = new Date(countedAt).toISOString()
    const stored = { logicalBytes: 30, deduplicatedBytes: 20, trashBytes: 5, countedAt: at }
    expect((await ok(admin, 'GET', '/usage')).items[2]).toMatchObject({ project: 'team', stored })
    expect((await ok(admin, 'GET', '/projects/team/usage')).items[0].stored).toEqual({ ...stored, logicalBytes: 15, deduplicatedBytes: 12 })
  })

  test('refuse what is no period, with the place', async () => {
    await stock()
    for (const [query, at] of [
      ['from=yesterday', 'from'],
      ['from=2026-02-30', 'from'],
      ['to=2026-1-1', 'to'],
      ['from=2026-02-02&to=2026-02-01', 'from'],
      ['from=2020-01-01&to=2026-01-01', 'from'],
      ['since=2026-01-01', 'since'],
    ]) {
      for (const path of ['/usage', '/projects/team/usage']) {
        const { status, json } = await t.send(admin, 'GET', `${path}?${query}`)
        expect([query, status, json.errors?.[0]?.at]).toEqual([query, 400, at])
      }
    }
    for (const query of ['by=month', 'by=day&cursor=MXg', 'by=actor&cursor=MXg']) expect((await t.send(admin, 'GET', `/projects/team/usage?${query}`)).status).toBe(400)
  })
})
