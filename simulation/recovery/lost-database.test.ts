import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, expectStatus, type Client } from '../rig/client.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { runBerth, untilRecorded } from './command.ts'
import { contents, expectImage, image, push } from './image.ts'
import { lostRows, type Rows } from './lost-rows.ts'

setDefaultTimeout(120_000)

describe.each(lostRows())('a lost database on %s', (name, create) => {
  if (create === undefined) return test.skip(`${name} (skipped: BERTH_TEST_POSTGRES is not set, npm test sets it)`, () => undefined)
  let folder: string
  let data: string
  let rows: Rows
  let running: ServerProcess | undefined
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-lost-'))
    data = join(folder, 'data')
    rows = await create()
  })
  afterEach(async () => {
    if (running?.running === true) await running.kill()
    await rows.dispose()
    rmSync(folder, { recursive: true })
  })
  const start = async (): Promise<Client> => {
    running = await startServer({ data, settings: rows.settings })
    return createClient(running.url)
  }
  const berth = (...words: string[]) => runBerth(words, data, rows.settings)

  test('is rebuilt with everything acknowledged before a kill, and deleted things stay deleted', async () => {
    const client = await start()
    await push(client, 'team/app', 'v1')
    await push(client, 'team/app', 'v2')
    const gone = await push(client, 'team/gone', 'v1')
    expectStatus(await client.send('DELETE', '/v2/team/app/manifests/v2'), 202)
    expectStatus(await client.send('DELETE', `/v2/team/gone/manifests/${gone.digest}`), 202)
    await push(client, 'team/last', 'marker')
    await untilRecorded(data, 'marker')
    await running?.kill()
    await rows.lose(data)

    const refused = await berth('serve', '--listen', '127.0.0.1:0')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`berth rebuild-index --data ${data}`)])
    const rebuilt = await berth('rebuild-index')
    expect([rebuilt.code, rebuilt.err]).toEqual([0, ''])
    expect(rebuilt.out).toMatch(/^Restored the state of 20\d\d-.*Z from \d+ recovery segments/)
    expect(rebuilt.out).toContain('Repositories: 3, tags: 2, manifests: 3, blobs: ')
    // The same layer was pushed three times: of two copies the files are there, and nothing is known of them any more.
    const findings = (await berth('fsck', '--deep', '--json')).out.trim().split('\n').map((line) => JSON.parse(line) as { code?: string })
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['file-unknown', undefined]))

    const again = await start()
    await expectImage(again, 'team/app', 'v1')
    await expectImage(again, 'team/last', 'marker')
    expectStatus(await again.send('GET', '/v2/team/app/manifests/v2'), 404)
    expectStatus(await again.send('GET', `/v2/team/app/manifests/${image('team/app:v2').digest}`), 200)
    expectStatus(await again.send('GET', `/v2/team/gone/manifests/${gone.digest}`), 404)
    await push(again, 'team/new', 'after')
    await running?.stop()

    // A new chain of segments began, and stands on its own.
    await rows.lose(data)
    expect((await berth('rebuild-index')).out).toContain('Repositories: 4, tags: 3, manifests: 4, ')
    const last = await start()
    await expectImage(last, 'team/new', 'after')
    expectStatus(await last.send('GET', '/v2/team/app/manifests/v2'), 404)
  })

  test('is never replaced while it is there', async () => {
    await push(await start(), 'team/app', 'v1')
    await running?.stop()
    const { code, err } = await berth('rebuild-index')
    expect([code, err]).toEqual([1, expect.stringContaining('there is a database already')])
    await expectImage(await start(), 'team/app', 'v1')
    const beside = await berth('rebuild-index')
    expect([beside.code, beside.err]).toEqual([1, expect.stringContaining('in use by another Berth server')])
  })

  test('is rebuilt without the blobs whose files are gone, which it names', async () => {
    await push(await start(), 'team/app', 'v1')
    await running?.stop()
    await rows.lose(data)
    const lost = readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const large = lost.find((entry) => entry.name.startsWith(contents[3]!.digest.slice(7)))!
    truncateSync(join(large.parentPath, large.name), 10)
    const { code, out } = await berth('rebuild-index')
    expect(code).toBe(1)
    expect(out).toContain(`Blobs whose file is missing or cut off: 1.`)
    expect(out).toContain(contents[3]!.digest)
    const client = await start()
    expectStatus(await client.send('GET', `/v2/team/app/blobs/${contents[3]!.digest}`), 404)
    await push(client, 'team/app', 'v1')
    await expectImage(client, 'team/app', 'v1')
  })

  test('a damaged segment is named and never applied', async () => {
    await push(await start(), 'team/app', 'v1')
    await untilRecorded(data, '"v1"')
    await running?.stop()
    await push(await start(), 'team/app', 'v2')
    await running?.stop()
    await rows.lose(data)
    const names = readdirSync(join(data, 'recovery')).sort()
    const path = join(data, 'recovery', names.at(-1)!)
    const bytes = readFileSync(path)
    bytes[100]! ^= 1
    writeFileSync(path, bytes)
    const refused = await berth('rebuild-index')
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toContain(`recovery segment ${names.at(-1)} can not be used: its checksum`)
    expect(refused.err).toContain('--older')
    const older = await berth('rebuild-index', '--older')
    expect(older.err).toBe('')
    expect(older.out).toContain(`Segment ${names.at(-1)} was left out`)
    const client = await start()
    await expectImage(client, 'team/app', 'v1')
    expectStatus(await client.send('GET', '/v2/team/app/manifests/v2'), 404)
  })
})
