import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forEachDatabase } from '../../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../../management.testing.ts'
import { createProgram, type ProgramDeps } from '../../program.ts'

const password = 'plum-Canoe 78 riddle'

forEachDatabase('the commands of jobs and schedules', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  let folder: string
  let [out, err] = ['', '']
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-jobs-'))
    t = await createManagementWorld(kind)
    await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password })
    expect(await berth('login', 'registry.example', '-u', 'admin', '--password-stdin')).toBe(0)
  })
  afterEach(async () => {
    await t.dispose()
    rmSync(folder, { recursive: true })
  })

  async function berth(...argv: readonly string[]): Promise<number> {
    out = err = ''
    const deps = {
      version: 'test',
      environment: { variables: new Map(), language: 'en' },
      userFolder: folder,
      cwd: folder,
      print: (text: string) => void (out += text),
      printError: (text: string) => void (err += text),
      input: { isTerminal: false, readAll: () => Promise.resolve(password) },
      send,
      watched: false,
      pause: () => Bun.sleep(20),
    } as unknown as ProgramDeps
    return await createProgram(deps).run(argv)
  }
  /** As a proxy that compresses what may be compressed: the tag of that is a weak one. */
  async function send(url: string, init: RequestInit): Promise<Response> {
    const response = await t.fetch(url, init)
    const etag = response.headers.get('etag')
    if (etag !== null && new Headers(init.headers).get('accept-encoding') !== 'identity') response.headers.set('etag', `W/${etag}`)
    return response
  }
  const admin = `admin:${password}`
  const json = (): unknown => JSON.parse(out)

  test('list all jobs, however many pages they are, or as many of the newest as are asked for', async () => {
    const ids: string[] = []
    for (let job = 0; job < 203; job++) {
      const { json: made } = await t.send(admin, 'POST', '/jobs', { kind: 'gc.run' })
      ids.unshift(String(made.id))
      await t.send(admin, 'POST', `/jobs/${made.id}/cancel`)
    }
    const listed = async (...more: string[]): Promise<string[]> => {
      expect(await berth('jobs', 'list', '-o', 'json', ...more)).toBe(0)
      return (json() as { readonly id: string }[]).map(({ id }) => id)
    }
    expect(await listed()).toEqual(ids)
    expect(await listed('--limit', '201')).toEqual(ids.slice(0, 201))
    expect(await listed('--limit', '3', '--state', 'cancelled')).toEqual(ids.slice(0, 3))
    expect(await listed('--state', 'queued')).toEqual([])
  }, 60_000)

  test('refuse what nobody could run, with the place and the reason, and queue nothing', async () => {
    for (const [words, said] of [
      [['jobs', 'run', 'integrity.check', '--payload', '{"deep":"yes"}'], '/payload: payload /deep: '],
      [['jobs', 'run', 'nothing'], '/kind: there is no such kind of job'],
      [['jobs', 'run', 'integrity.check', '--payload', '[]'], '[]'],
    ] as const) {
      expect([words, await berth(...words)]).toEqual([words, 2])
      expect(err).toContain(said)
    }
    expect(await berth('jobs', 'list', '-o', 'json')).toBe(0)
    expect(json()).toEqual([])
  })

  test('refuse a schedule that can never run, with the place and the reason, and change nothing', async () => {
    const impossible = [
      ['0 0 30 2 *', 'UTC', '/cron: cron never comes: no date is like that'],
      ['0 0 31 4,6,9,11 *', 'Europe/Berlin', '/cron: cron never comes'],
      ['61 * * * *', 'UTC', '/cron: cron '],
      ['0 3 * * *', 'Mars/Base', '/timeZone: timeZone is no time zone'],
    ] as const
    for (const [cron, zone, said] of impossible) {
      expect([cron, zone, await berth('schedules', 'create', 'weekly', 'integrity.check', cron, '--time-zone', zone)]).toEqual([cron, zone, 2])
      expect(err).toContain(said)
    }
    expect(await berth('schedules', 'list', '-o', 'json')).toBe(0)
    expect(json()).toEqual([])
    expect(await berth('schedules', 'create', 'weekly', 'integrity.check', '0 3 * * SUN')).toBe(0)
    for (const [cron, zone, said] of impossible) {
      expect([cron, zone, await berth('schedules', 'update', 'weekly', '--cron', cron, '--time-zone', zone)]).toEqual([cron, zone, 2])
      expect(err).toContain(said)
    }
    expect(await berth('schedules', 'show', 'weekly', '-o', 'json')).toBe(0)
    expect(json()).toMatchObject({ cron: '0 3 * * SUN', timeZone: 'UTC' })
  })

  test('show of a job whose payload is of an older version why it failed, and that nothing of it was done', async () => {
    expect(await berth('jobs', 'run', 'integrity.check', '-o', 'json')).toBe(0)
    const { id } = json() as { readonly id: string }
    const end = t.runJobs({ version: 2 })
    expect(await berth('jobs', 'watch', id, '-o', 'json')).toBe(1)
    await end()
    expect(err).toContain(`payload-outdated: payload of version 1: this program takes version 2 of integrity.check; queue the job again`)
    expect(await berth('jobs', 'show', id, '-o', 'json')).toBe(0)
    expect(json()).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'payload-outdated' } })
    expect(await berth('jobs', 'log', id, '-o', 'json')).toBe(0)
    expect(json()).toEqual([])
  }, 30_000)

  test('change of a schedule what is said alone, whatever somebody else changes of it meanwhile', async () => {
    expect(await berth('schedules', 'create', 'weekly', 'integrity.check', '0 3 * * SUN', '--time-zone', 'Europe/Berlin')).toBe(0)
    // Between the look and the change, and again between the next two.
    const other = { kind: 'integrity.check', cron: '0 3 * * SUN', timeZone: 'UTC', payload: { deep: false } }
    t.meanwhile.set('change schedule', async () => {
      await t.send(admin, 'PUT', '/schedules/weekly', other)
      t.meanwhile.set('change schedule', () => t.send(admin, 'PUT', '/schedules/weekly', { ...other, enabled: false }))
    })
    expect(await berth('schedules', 'update', 'weekly', '--cron', '0 4 * * SUN', '-o', 'json')).toBe(0)
    expect(json()).toMatchObject({ cron: '0 4 * * SUN', timeZone: 'UTC', enabled: false, payload: { deep: false } })
  })

  test('change a schedule also where a proxy would compress what the server answers', async () => {
    expect(await berth('schedules', 'create', 'weekly', 'integrity.check', '0 3 * * SUN')).toBe(0)
    expect([await berth('schedules', 'disable', 'weekly', '-o', 'json'), err]).toEqual([0, ''])
    expect(json()).toMatchObject({ enabled: false })
  })

  test('give up changing a schedule that never stands still, and have changed nothing then', async () => {
    expect(await berth('schedules', 'create', 'weekly', 'integrity.check', '0 3 * * SUN')).toBe(0)
    let minute = 0
    const restless = async (): Promise<void> => {
      await t.send(admin, 'PUT', '/schedules/weekly', { kind: 'integrity.check', cron: `${++minute} 3 * * SUN` })
      t.meanwhile.set('change schedule', restless)
    }
    t.meanwhile.set('change schedule', restless)
    expect(await berth('schedules', 'disable', 'weekly')).toBe(5)
    expect(err).toContain('nothing was changed')
    t.meanwhile.clear()
    expect(await berth('schedules', 'show', 'weekly', '-o', 'json')).toBe(0)
    expect(json()).toMatchObject({ cron: '5 3 * * SUN', enabled: true })
  })
})
