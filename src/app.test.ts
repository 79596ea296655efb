import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp, checkIntegrity, type App } from './app.ts'
import { loadConfig, type Config } from './config/index.ts'
import { administer, testPostgres } from './database/for-each-database.testing.ts'
import { inlineWriter, openSqliteDatabase } from './database/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createLogger } from './observe/index.ts'
import { digestBytes } from './oci/index.ts'
import { holdCollection } from './registry/index.ts'
import { transactions } from './transactions.ts'

let folder: string
let app: App
const start = () => buildApp(configOf(folder), createLogger({ level: 'silent' }))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-app-'))
  app = await start()
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

function configOf(data: string, open = true, variables: Readonly<Record<string, string>> = {}): Config {
  const flags = new Map([['--data', data], ...(open ? [['--open', 'true'] as const] : [])])
  const loaded = loadConfig({ flags, environment: { variables: new Map(Object.entries(variables)), language: 'en' }, cwd: data })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

async function send(method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) {
  return await app.fetch(new Request(`http://registry${path}`, { method, headers, ...(body === undefined ? {} : { body }) }), '127.0.0.1')
}

const layer = crypto.getRandomValues(new Uint8Array(60_000))
const layerDigest = digestBytes(layer, 'sha256')
const config = '{}'
const configDigest = digestBytes(new TextEncoder().encode(config), 'sha256')
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
  layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layerDigest, size: layer.length }],
})

async function push(): Promise<void> {
  for (const [digest, bytes] of [[layerDigest, layer], [configDigest, config]] as const) {
    const begun = await send('POST', '/v2/team/app/blobs/uploads/')
    expect(begun.status).toBe(202)
    expect((await send('PUT', `${begun.headers.get('location')}?digest=${digest}`, bytes)).status).toBe(201)
  }
  expect((await send('PUT', '/v2/team/app/manifests/v1', manifest)).status).toBe(201)
}

test('what was pushed is pulled, also by the next process on the same data', async () => {
  await push()
  for (let round = 0; round < 2; round++) {
    const pulled = await send('GET', '/v2/team/app/manifests/v1')
    expect(await pulled.text()).toBe(manifest)
    expect(pulled.headers.get('docker-content-digest')).toBe(digestBytes(new TextEncoder().encode(manifest), 'sha256'))
    const blob = await send('GET', `/v2/team/app/blobs/${layerDigest}`)
    expect(Buffer.compare(await blob.bytes(), layer)).toBe(0)
    await app.close()
    app = await start()
  }
})

test('a second server on the same data is refused', async () => {
  await expect(start()).rejects.toMatchObject({ code: 'locked' })
  await push()
})

/** Holds collection as a rebuilt index does. */
async function holdRebuilt(): Promise<void> {
  const database = await openSqliteDatabase({
    path: join(folder, 'berth.db'),
    mustExist: true,
    startWriter: () => inlineWriter(transactions),
    clock: systemClock,
    ids: systemIds,
    onFatal: (error) => expect(error).toBeUndefined(),
  })
  await database.transact(holdCollection, { name: 'rebuilt', until: null, reason: 'the index was rebuilt' })
  await database.close()
}

test('a start says that nothing is collected, why, and what ends it', async () => {
  await app.close()
  await holdRebuilt()
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line), close: () => Promise.resolve() }
  app = await buildApp(configOf(folder), createLogger({ level: 'warn', destination }))
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    msg: 'nothing is deleted from the store: garbage collection is held',
    hold: 'rebuilt',
    reason: 'the index was rebuilt',
    ends: 'when `berth fsck` finds the rebuilt index sound',
  })
})

test('a check that finds a rebuilt index sound lets collection go on, once no server runs', async () => {
  await push()
  await app.close()
  await holdRebuilt()
  app = await start()
  const nothing = (): void => undefined
  const request = { deep: false, repair: false, language: 'en', onFinding: nothing, onProgress: nothing } as const
  const check = async () => await checkIntegrity(configOf(folder), request)
  expect(await check()).toMatchObject({ findings: 0, besideServer: true, held: true })
  await app.close()
  const file = [...new Bun.Glob('blobs/**/*').scanSync(folder)][0] as string
  renameSync(join(folder, file), join(folder, 'away'))
  expect(await check()).toMatchObject({ findings: 1, held: false })
  renameSync(join(folder, 'away'), join(folder, file))
  app = await start()
  expect(await check()).toMatchObject({ findings: 0, held: true })
  await app.close()
  expect(await check()).toMatchObject({ findings: 0, held: false })
  app = await start()
  expect(await check()).toMatchObject({ findings: 0, held: false })
})

test('every answer is OCI JSON, whatever is asked', async () => {
  for (const path of ['/', '/v2/%zz/manifests/x', '/v2/UPPER/manifests/x', '/v2/a/blobs/sha256:short', '/v3', '/v2/a/manifests/nothing']) {
    const answer = await send('GET', path)
    if (answer.status === 200) continue
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(((await answer.json()) as { errors: unknown[] }).errors).toHaveLength(1)
  }
})

test('the first start that is not open makes an admin, with a password that only its file keeps', async () => {
  const kept = join(folder, 'initial-admin-password')
  expect([app.firstAdmin, existsSync(kept)]).toEqual([undefined, false])
  await app.close()
  const lines: string[] = []
  const logger = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line), close: () => Promise.resolve() } })
  app = await buildApp(configOf(folder, false), logger)
  const { name, password, file } = app.firstAdmin ?? {}
  expect([name, file, readFileSync(kept, 'utf8')]).toEqual(['admin', kept, `${password}\n`])
  expect(statSync(kept).mode & 0o777).toBe(0o600)
  expect(lines.join('')).not.toContain(String(password))
  await app.close()
  app = await buildApp(configOf(folder, false), logger)
  expect([app.firstAdmin, existsSync(kept)]).toEqual([undefined, true])
})

test('a given password is kept nowhere, and a weak one stops the start and leaves the directory free', async () => {
  await app.close()
  const logger = createLogger({ level: 'silent' })
  const weak = buildApp(configOf(folder, false, { BERTH_ADMIN_PASSWORD: 'Harbor12345' }), logger)
  expect(weak).rejects.toMatchObject({ setting: 'admin.password', message: expect.stringContaining('tries first') as unknown })
  await weak.catch(() => undefined)
  app = await buildApp(configOf(folder, false, { BERTH_ADMIN_PASSWORD: 'plum-Canoe 77 riddle' }), logger)
  expect(app.firstAdmin).toMatchObject({ name: 'admin', password: undefined })
  expect(existsSync(join(folder, 'initial-admin-password'))).toBe(false)
})

test('a job is run, and its events go out as they come until it ends', async () => {
  await app.close()
  app = await buildApp(configOf(folder, false, { BERTH_ADMIN_PASSWORD: 'plum-Canoe 78 riddle' }), createLogger({ level: 'silent' }))
  const headers = { authorization: `Basic ${btoa('admin:plum-Canoe 78 riddle')}`, 'content-type': 'application/json' }
  const { id } = (await (await send('POST', '/api/v1/jobs', JSON.stringify({ kind: 'integrity.check' }), headers)).json()) as { readonly id: string }
  const head = await send('HEAD', `/api/v1/jobs/${id}/events`, undefined, headers)
  expect([head.status, await head.text()]).toEqual([200, ''])
  const events = await send('GET', `/api/v1/jobs/${id}/events`, undefined, headers)
  expect([events.headers.get('content-type'), events.headers.get('content-length')]).toEqual(['text/event-stream', null])
  expect(await events.text()).toMatch(/\nevent: end\ndata: .*"state":"done".*\n\n$/)
}, 180_000)

const server = testPostgres()
const unset = server === undefined ? ' (skipped: BERTH_TEST_POSTGRES is not set)' : ''

test.skipIf(server === undefined)(`processes on one PostgreSQL share one directory: some serve, others work, and of these each is enough${unset}`, async () => {
  const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(server as string, `create database ${name}`)
  const url = new URL(server as string)
  url.pathname = `/${name}`
  const data = join(folder, 'shared')
  const as = async (role: string) => {
    const variables = { BERTH_DATABASE_URL: url.href, BERTH_ROLE: role, BERTH_ADMIN_PASSWORD: 'plum-Canoe 78 riddle' }
    return await buildApp(configOf(data, false, variables), createLogger({ level: 'silent' }))
  }
  const serving = await as('serve')
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Basic ${btoa('admin:plum-Canoe 78 riddle')}`, 'content-type': 'application/json' }
    const request = new Request(`http://registry/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    return (await (await serving.fetch(request, '127.0.0.1')).json()) as { readonly id: string; readonly state: string; readonly result?: unknown }
  }
  const { id } = await ask('POST', '/jobs', { kind: 'integrity.check' })
  // Nobody works yet: longer than it takes to look for work.
  const waited = performance.now() + 1_500
  while (performance.now() < waited) expect((await ask('GET', `/jobs/${id}`)).state).toBe('queued')
  const working = [await as('work'), await as('work'), await as('all')]
  let job = await ask('GET', `/jobs/${id}`)
  for (const until = performance.now() + 20_000; job.state !== 'done' && performance.now() < until; ) job = await ask('GET', `/jobs/${id}`)
  expect(job).toMatchObject({ state: 'done', result: { findings: 0 } })
  for (const each of working) await each.close()
  await serving.close()
  await administer(server as string, `drop database ${name} with (force)`)
}, 180_000)
