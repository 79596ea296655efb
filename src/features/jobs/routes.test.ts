import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { type JobHandler, keepWorking } from '../../jobs/index.ts'
import { systemClock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'

forEachDatabase('the routes of jobs', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const admin = `admin:plum-Canoe 78 riddle`
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    expect((await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password: 'plum-Canoe 78 riddle' })).status).toBe(204)
  })
  afterEach(() => t.dispose())

  const send = async (method: string, path: string, body?: unknown) => await t.send(admin, method, path, body)
  const start = async (): Promise<string> => String((await send('POST', '/jobs', { kind: 'integrity.check' })).json.id)

  test('start a job once while it has not ended, show it, and cancel it', async () => {
    const made = await send('POST', '/jobs', { kind: 'integrity.check', payload: { deep: false } })
    expect(made.json).toMatchObject({ kind: 'integrity.check', state: 'queued', payload: { deep: false }, attempt: 0, createdBy: 'admin', cancelRequested: false })
    expect({ status: made.status, location: made.headers.get('location') }).toEqual({ status: 201, location: `/api/v1/jobs/${made.json.id}` })
    expect((await send('POST', '/jobs', { kind: 'integrity.check', payload: { deep: false } })).json.id).toBe(made.json.id)
    // What is asked for is never answered with less.
    const deep = (await send('POST', '/jobs', { kind: 'integrity.check' })).json
    expect(deep).toMatchObject({ state: 'queued', payload: { deep: true } })
    expect((await send('POST', '/jobs', { kind: 'integrity.check', payload: { deep: true } })).json.id).toBe(deep.id)
    expect((await send('GET', `/jobs/${made.json.id}`)).json).toEqual(made.json)
    expect((await send('POST', `/jobs/${made.json.id}/cancel`)).json).toMatchObject({ state: 'cancelled' })
    expect(await send('POST', `/jobs/${made.json.id}/cancel`)).toMatchObject({ status: 409, json: { code: 'job-over' } })
    expect((await send('POST', '/jobs', { kind: 'integrity.check', payload: { deep: false } })).json.id).not.toBe(made.json.id)
  })

  test('refuse what nobody could run, with the place, and queue nothing', async () => {
    for (const [body, status, at] of [
      [{ kind: 'integrity.check', payload: { deep: 'yes' } }, 422, '/payload'],
      [{ kind: 'integrity.check', payload: { depth: 1 } }, 422, '/payload'],
      [{ kind: 'nothing' }, 422, '/kind'],
      [{ kind: 'integrity.check', state: 'done' }, 400, '/state'],
      [{ payload: {} }, 400, '/kind'],
    ] as const) {
      const { status: answered, json } = await send('POST', '/jobs', body)
      expect([answered, json.errors?.[0]?.at]).toEqual([status, at])
    }
    expect((await send('GET', '/jobs')).json.items).toEqual([])
    for (const path of ['/jobs/0', '/jobs/x', '/jobs/999', '/jobs/999/log']) expect((await send('GET', path)).status).toBe(404)
    for (const path of ['/jobs?state=odd', '/jobs?color=red', '/jobs?cursor=!']) expect((await send('GET', path)).status).toBe(400)
  })

  test('list what there is by pages, kinds and states', async () => {
    const ids: string[] = []
    for (let jobs = 0; jobs < 3; jobs++) {
      ids.unshift(await start())
      if (jobs < 2) await send('POST', `/jobs/${ids[0]}/cancel`)
    }
    const first = (await send('GET', '/jobs?limit=2')).json
    const second = (await send('GET', `/jobs?limit=2&cursor=${first.next}`)).json
    const idsOf = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id)
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids)
    expect(second.next).toBeUndefined()
    expect(idsOf((await send('GET', '/jobs?state=queued&kind=integrity.check')).json)).toEqual(ids.slice(0, 1))
    expect((await send('GET', '/job-kinds')).json.items).toContainEqual({ name: 'integrity.check', version: 1, summary: expect.stringContaining('everything stored') as unknown })
  })

  test('show how far a job is, what it logs, and its result', async () => {
    const id = await start()
    const end = t.runJobs()
    let job = (await send('GET', `/jobs/${id}`)).json
    for (const until = performance.now() + 20_000; job.state !== 'done' && performance.now() < until; ) {
      // The worker has its turn.
      await new Promise((resolve) => setImmediate(resolve))
      job = (await send('GET', `/jobs/${id}`)).json
    }
    await end()
    expect(job).toMatchObject({ state: 'done', progress: { done: 3, total: 4, unit: 'rows' }, result: { findings: 0 }, attempt: 1 })
    const lines = (await send('GET', `/jobs/${id}/log`)).json.items
    expect(lines).toMatchObject([{ number: 1, text: 'begun' }, { number: 2 }, { number: 3, text: 'all is well' }])
    expect((await send('GET', `/jobs/${id}/log?after=2`)).json.items).toEqual(lines.slice(2))
    const page = (await send('GET', `/jobs/${id}/log?limit=2`)).json
    expect((await send('GET', `/jobs/${id}/log?limit=2&cursor=${page.next}`)).json).toEqual({ items: lines.slice(2) })
  })

  test('say why a job does not begin that could: no process works, or others are under way', async () => {
    const id = await start()
    const waitsFor = async (job = id) => (await send('GET', `/jobs/${job}`)).json.waitsFor as string | undefined
    const { dueAt } = (await send('GET', `/jobs/${id}`)).json
    t.clock.advance(10_000)
    expect(await waitsFor()).toBeUndefined()
    t.clock.advance(5_000)
    expect(await waitsFor()).toBe(`a process that works: none has taken it since ${dueAt}, and no job is known to have ended`)
    expect((await send('GET', '/jobs')).json.items[0].waitsFor).toBe(await waitsFor())
    const gate = Promise.withResolvers<void>()
    const checking: JobHandler['kind'] = { name: 'integrity.check', version: 1, payload: { safeParse: (data) => ({ success: true, data }) }, summary: '', mostAttempts: 1 }
    const handler: JobHandler = { kind: checking, run: () => gate.promise }
    const end = keepWorking({ database: t.database, clock: systemClock, logger: createLogger({ level: 'silent' }), handlers: [handler], node: 'here', atOnce: 1, lease: 3_600_000 })
    const state = async () => (await send('GET', `/jobs/${id}`)).json.state as string
    const until = async (wanted: string) => {
      for (const limit = performance.now() + 20_000; (await state()) !== wanted && performance.now() < limit; ) await new Promise((resolve) => setImmediate(resolve))
      expect(await state()).toBe(wanted)
    }
    await until('running')
    const other = String((await send('POST', '/jobs', { kind: 'gc.run' })).json.id)
    t.clock.advance(20_000)
    expect([await waitsFor(), await waitsFor(other)]).toEqual([undefined, 'its turn: another job runs'])
    gate.resolve()
    await until('done')
    await end()
    const { finishedAt } = (await send('GET', `/jobs/${id}`)).json
    expect(await waitsFor(other)).toEndWith(`and the last job ended ${finishedAt}`)
    expect(await waitsFor()).toBeUndefined()
  }, 30_000)

  test('look up once for a whole list what works, however many of its jobs wait', async () => {
    const waiting = [{ kind: 'gc.run' }, { kind: 'gc.run', payload: { dryRun: true } }, { kind: 'integrity.check' }, { kind: 'integrity.check', payload: { deep: false } }]
    for (const job of waiting) await send('POST', '/jobs', job)
    t.clock.advance(60_000)
    let looks = 0
    const { now } = t.database
    Object.assign(t.database, { now: async () => (looks++, await now()) })
    const { json } = await send('GET', '/jobs')
    expect(json.items.map((job: { readonly waitsFor?: string }) => job.waitsFor)).toEqual(waiting.map(() => expect.stringContaining('a process that works')))
    expect(looks).toBe(1)
  })

  test('are open to who runs jobs, and to nobody else', async () => {
    const password = 'Slow 8 otters drift'
    for (const name of ['olga', 'alice']) {
      await send('POST', '/accounts', { name, password: `${password} first` })
      await t.send(`${name}:${password} first`, 'PUT', '/whoami/password', { current: `${password} first`, password })
    }
    await send('POST', '/grants', { subject: { kind: 'account', name: 'olga' }, role: 'ops' })
    const id = await start()
    expect((await t.send(`olga:${password}`, 'POST', `/jobs/${id}/cancel`)).status).toBe(200)
    // Whether it is there or not: nothing tells.
    for (const each of [id, '999999']) {
      for (const [method, path] of [['POST', `/jobs/${each}/cancel`], ['GET', `/jobs/${each}`], ['GET', `/jobs/${each}/log`]] as const) {
        expect(await t.send(`alice:${password}`, method, path)).toMatchObject({ status: 403, json: { code: 'forbidden' } })
      }
    }
    expect((await t.send(`alice:${password}`, 'GET', '/jobs')).status).toBe(403)
    expect((await t.send('', 'GET', '/jobs')).status).toBe(401)
  })
})
