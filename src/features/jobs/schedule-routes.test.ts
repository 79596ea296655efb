import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'

forEachDatabase('the routes of schedules', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const password = 'plum-Canoe 78 riddle'
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password })
  })
  afterEach(() => t.dispose())

  const send = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    await t.send(`admin:${password}`, method, path, body, headers)
  const weekly = { kind: 'integrity.check', cron: '0 3 * * SUN', timeZone: 'Europe/Berlin' }

  test('make, show, change and delete one', async () => {
    const made = await send('POST', '/schedules', { name: 'weekly', ...weekly })
    expect({ status: made.status, location: made.headers.get('location') }).toEqual({ status: 201, location: '/api/v1/schedules/weekly' })
    // 14 November 2023 was a Tuesday.
    expect(made.json).toMatchObject({ name: 'weekly', ...weekly, payload: { deep: true }, enabled: true, nextRunAt: '2023-11-19T02:00:00.000Z', createdBy: 'admin' })
    expect((await send('GET', '/schedules')).json.items).toEqual([made.json])
    const changed = await send('PUT', '/schedules/weekly', { ...weekly, cron: '0 4 * * *', timeZone: 'UTC', enabled: false })
    expect(changed.json).toMatchObject({ cron: '0 4 * * *', enabled: false, createdBy: 'admin' })
    expect(changed.json.nextRunAt).toBeUndefined()
    expect((await send('POST', '/schedules', { name: 'weekly', ...weekly })).json.code).toBe('schedule-exists')
    expect((await send('DELETE', '/schedules/weekly')).status).toBe(204)
    for (const method of ['GET', 'DELETE']) expect((await send(method, '/schedules/weekly')).status).toBe(404)
    expect((await send('PUT', '/schedules/weekly', weekly)).status).toBe(404)
  })

  test('change only what was seen, where that is asked for', async () => {
    const seen = (await send('POST', '/schedules', { name: 'weekly', ...weekly })).headers.get('etag') ?? ''
    expect((await send('PUT', '/schedules/weekly', { ...weekly, cron: '1 3 * * *' }, { 'if-match': seen })).status).toBe(200)
    expect((await send('PUT', '/schedules/weekly', { ...weekly, cron: '2 3 * * *' }, { 'if-match': seen })).status).toBe(412)
    expect((await send('DELETE', '/schedules/weekly', undefined, { 'if-match': seen })).status).toBe(412)
    expect((await send('GET', '/schedules/weekly')).json.cron).toBe('1 3 * * *')
  })

  test('look whether it is what was seen when it is changed, and not before', async () => {
    const created = (await send('POST', '/schedules', { name: 'weekly', ...weekly })).headers.get('etag') ?? ''
    const other = async () => await send('PUT', '/schedules/weekly', { ...weekly, cron: '1 3 * * *' })
    t.meanwhile.set('change schedule', other)
    expect(await send('PUT', '/schedules/weekly', { ...weekly, enabled: false }, { 'if-match': created })).toMatchObject({ status: 412, json: { code: 'precondition-failed' } })
    const changed = await send('GET', '/schedules/weekly')
    expect(changed.json).toMatchObject({ cron: '1 3 * * *', enabled: true })
    const seen = changed.headers.get('etag') ?? ''
    t.meanwhile.set('delete schedule', async () => await send('PUT', '/schedules/weekly', { ...weekly, cron: '2 3 * * *' }))
    expect((await send('DELETE', '/schedules/weekly', undefined, { 'if-match': seen })).status).toBe(412)
    expect((await send('GET', '/schedules/weekly')).json.cron).toBe('2 3 * * *')
    // One of the same name and look is another one.
    const last = (await send('GET', '/schedules/weekly')).headers.get('etag') ?? ''
    t.meanwhile.set('change schedule', async () => {
      await send('DELETE', '/schedules/weekly')
      await send('POST', '/schedules', { name: 'weekly', ...weekly, cron: '2 3 * * *' })
    })
    expect((await send('PUT', '/schedules/weekly', weekly, { 'if-match': last })).status).toBe(412)
    expect((await send('PUT', '/schedules/weekly', weekly, { 'if-match': '*' })).status).toBe(200)
  })

  test('refuse what can never run, with the place, and make nothing', async () => {
    for (const [wrong, status, place] of [
      [{ cron: '0 0 31 2 *' }, 422, '/cron'],
      [{ cron: 'often' }, 422, '/cron'],
      [{ timeZone: 'Mars/Base' }, 422, '/timeZone'],
      [{ kind: 'nothing' }, 422, '/kind'],
      [{ payload: { deep: 1 } }, 422, '/payload'],
      [{ name: 'No Name' }, 400, '/name'],
      [{ nextRunAt: 'now' }, 400, '/nextRunAt'],
    ] as const) {
      const { status: answered, json } = await send('POST', '/schedules', { name: 'weekly', ...weekly, ...wrong })
      expect([answered, json.errors?.[0]?.at]).toEqual([status, place])
    }
    expect((await send('GET', '/schedules')).json.items).toEqual([])
  })
})
