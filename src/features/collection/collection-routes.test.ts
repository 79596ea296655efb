import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { holdCollection } from '../../registry/index.ts'

forEachDatabase('the routes of garbage collection', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const admin = 'admin:plum-Canoe 78 riddle'
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    expect((await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password: 'plum-Canoe 78 riddle' })).status).toBe(204)
  })
  afterEach(() => t.dispose())

  test('start one run at a time, and show it', async () => {
    expect((await t.send(admin, 'GET', '/gc')).json).toEqual({ due: 0, queued: 0, holds: [] })
    const started = await t.send(admin, 'POST', '/gc', {})
    expect(started).toMatchObject({ status: 201, json: { state: 'queued', dryRun: false } })
    expect(started.headers.get('location')).toBe(`/api/v1/jobs/${started.json.job}`)
    expect((await t.send(admin, 'POST', '/gc', { dryRun: false })).json).toEqual(started.json)
    const dry = (await t.send(admin, 'POST', '/gc', { dryRun: true })).json
    expect(dry.job).not.toBe(started.json.job)
    expect((await t.send(admin, 'GET', `/jobs/${dry.job}`)).json).toMatchObject({ kind: 'gc.run', payload: { dryRun: true }, createdBy: 'admin' })
    expect((await t.send(admin, 'GET', '/gc')).json).toMatchObject({ lastRun: dry })
    expect(await t.send(admin, 'POST', '/gc', { dry: true })).toMatchObject({ status: 400 })
  })

  test('name what holds it', async () => {
    await t.database.transact(holdCollection, { name: 'backup:1', until: t.clock.now() + 60_000, reason: 'a copy is taken' })
    expect((await t.send(admin, 'GET', '/gc')).json.holds).toEqual([{ name: 'backup:1', reason: 'a copy is taken', until: expect.any(String) as unknown }])
  })
})
