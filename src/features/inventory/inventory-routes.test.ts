import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement } from '../../database/index.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'

const day = 86_400_000
const start = 1_700_000_000_000
const digestOf = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`
const timeOf = (ms: number): string => new Date(ms).toISOString()
const kept = statement<{ cluster: string; digest: string }>(`
  select c.name as cluster, i.digest from inventory_digest i join inventory_cluster c on c.id = i.cluster_id order by c.name, i.digest`)

forEachDatabase('the inventory', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const admin = `admin:plum-Canoe 78 riddle`
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    expect((await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password: 'plum-Canoe 78 riddle' })).status).toBe(204)
  })
  afterEach(() => t.dispose())

  const report = async (body: object) => await t.send(admin, 'POST', '/inventory', body)
  const list = async () => (await t.send(admin, 'GET', '/inventory')).json.items
  const digests = async () => (await t.database.all(kept)).map(({ cluster, digest }) => `${cluster} ${Number(digest.slice(7))}`)

  test('holds the newest report of each cluster, whether its digests are known or not', async () => {
    const seenAt = timeOf(start)
    expect((await report({ cluster: 'prod', seenAt, digests: [digestOf(1), digestOf(2), digestOf(1)] })).json).toEqual({
      cluster: 'prod',
      seenAt,
      countsUntil: timeOf(start + 7 * day),
      digests: 2,
    })
    await report({ cluster: 'aws:eu-west-1/stage', seenAt, digests: [digestOf(2)] })
    await report({ cluster: 'prod', seenAt: timeOf(start + 1000), digests: [digestOf(3)] })
    expect(await digests()).toEqual(['aws:eu-west-1/stage 2', 'prod 3'])
    expect(await list()).toMatchObject([
      { cluster: 'aws:eu-west-1/stage', digests: 1, counts: true, reportedBy: 'admin' },
      { cluster: 'prod', seenAt: timeOf(start + 1000), digests: 1 },
    ])
    await report({ cluster: 'prod', seenAt: timeOf(start + 2000), digests: [] })
    expect(await digests()).toEqual(['aws:eu-west-1/stage 2'])
  })

  test('keeps the report before while the parts of a new one come, and takes a part twice', async () => {
    await report({ cluster: 'prod', seenAt: timeOf(start), digests: [digestOf(1), digestOf(2)] })
    const seenAt = timeOf(start + 1000)
    for (let times = 0; times < 2; times++) await report({ cluster: 'prod', seenAt, digests: [digestOf(2), digestOf(3)], more: true })
    expect(await digests()).toEqual(['prod 1', 'prod 2', 'prod 3'])
    for (let times = 0; times < 2; times++) expect((await report({ cluster: 'prod', seenAt, digests: [digestOf(4)] })).json.digests).toBe(3)
    expect(await digests()).toEqual(['prod 2', 'prod 3', 'prod 4'])
  })

  test('refuses what is too old, too new or overtaken, with the place, and keeps what was there', async () => {
    await report({ cluster: 'prod', digests: [digestOf(1)] })
    for (const [body, status, code, at] of [
      [{ seenAt: timeOf(start - 1) }, 409, 'inventory-older', '/seenAt'],
      [{ seenAt: timeOf(start - 7 * day) }, 422, 'inventory-outdated', '/seenAt'],
      [{ seenAt: timeOf(start + day) }, 422, 'inventory-in-future', '/seenAt'],
      [{ seenAt: 'yesterday' }, 400, 'malformed', '/seenAt'],
      [{ cluster: 'a\nb' }, 400, 'malformed', '/cluster'],
      [{ cluster: 'x'.repeat(129) }, 400, 'malformed', '/cluster'],
      [{ digests: ['latest'] }, 400, 'malformed', '/digests/0'],
      [{ digests: Array.from({ length: 201 }, (_, n) => digestOf(n)) }, 400, 'malformed', '/digests'],
    ] as const) {
      const { status: answered, json } = await report({ cluster: 'prod', digests: [digestOf(2)], ...body })
      expect([answered, json.code, json.errors[0].at]).toEqual([status, code, at])
    }
    expect(await digests()).toEqual(['prod 1'])
  })

  test('keeps no more than so many digests of a cluster', async () => {
    let refused: unknown
    for (let part = 0; part <= 100 && refused === undefined; part++) {
      const { status, json } = await report({
        cluster: 'prod',
        seenAt: timeOf(start),
        digests: Array.from({ length: 200 }, (_, n) => digestOf(part * 200 + n)),
        more: true,
      })
      if (status !== 200) refused = json.code
    }
    expect(refused).toBe('inventory-too-large')
    expect(await list()).toMatchObject([{ digests: 20_000 }])
    expect((await report({ cluster: 'prod', seenAt: timeOf(start), digests: [] })).json.code).toBe('inventory-too-large')
    expect((await report({ cluster: 'prod', seenAt: timeOf(start + 1), digests: [digestOf(1)] })).json.digests).toBe(1)
  })

  test('shows that a report does not count any more, and lets the next one of anybody remove it', async () => {
    await report({ cluster: 'gone', digests: [digestOf(1)] })
    t.clock.advance(8 * day)
    expect(await list()).toMatchObject([{ cluster: 'gone', counts: false }])
    await report({ cluster: 'prod', digests: [digestOf(2)] })
    expect(await digests()).toEqual(['prod 2'])
    expect(await list()).toMatchObject([{ cluster: 'prod' }])
  })

  test('tells nobody who may not read it, and is written by ops', async () => {
    for (const name of ['olga', 'gustav']) {
      await t.send(admin, 'POST', '/accounts', { name, password: `first words of ${name}` })
      await t.send(`${name}:first words of ${name}`, 'PUT', '/whoami/password', { current: `first words of ${name}`, password: `better words of ${name}` })
    }
    await t.send(admin, 'POST', '/grants', { subject: { kind: 'account', name: 'olga' }, role: 'ops' })
    const by = async (name: string, method: string, body?: object) => (await t.send(`${name}:better words of ${name}`, method, '/inventory', body)).status
    expect(await by('olga', 'POST', { cluster: 'prod', digests: [digestOf(1)] })).toBe(200)
    expect(await by('olga', 'GET')).toBe(200)
    expect(await by('gustav', 'POST', { cluster: 'prod', digests: [digestOf(1)] })).toBe(403)
    expect(await by('gustav', 'GET')).toBe(403)
  })
})
