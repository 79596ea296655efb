import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { administer, testPostgres } from '../../src/database/for-each-database.testing.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { createLogger } from '../../src/observe/index.ts'
import { digestBytes, type Digest } from '../../src/oci/index.ts'
import { transactions } from '../../src/transactions.ts'
import { backUpInstallation, restoreInstallation, type Places } from '../../src/features/backup/index.ts'

let folder: string
let databases: string[]
let apps: App[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
  databases = []
  apps = []
})
afterEach(async () => {
  for (const app of apps) await app.close()
  for (const name of databases) await administer(server as string, `drop database ${name} with (force)`)
  rmSync(folder, { recursive: true })
})

const server = testPostgres()
type Engine = 'SQLite' | 'PostgreSQL'

/** A new installation's places: an empty data directory and, on PostgreSQL, an empty database. */
async function newPlaces(name: string, engine: Engine): Promise<Places> {
  const common = { data: join(folder, name), folder: join(folder, 'backup'), clock: systemClock, ids: systemIds }
  if (engine === 'SQLite') return { ...common, databaseUrl: undefined }
  const database = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(server as string, `create database ${database}`)
  databases.push(database)
  const url = new URL(server as string)
  url.pathname = `/${database}`
  return { ...common, databaseUrl: url.href }
}

async function start({ data, databaseUrl }: Places): Promise<App> {
  const variables = new Map(databaseUrl === undefined ? [] : [['BERTH_DATABASE_URL', databaseUrl]])
  const loaded = loadConfig({ flags: new Map([['--data', data], ['--open', 'true']]), environment: { variables, language: 'en' }, cwd: folder })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const app = await buildApp(loaded.config, createLogger({ level: 'silent' }))
  apps.push(app)
  return app
}

async function stop(app: App): Promise<void> {
  apps.splice(apps.indexOf(app), 1)
  await app.close()
}

async function send(app: App, method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) {
  return await app.fetch(new Request(`http://registry${path}`, { method, headers, ...(body === undefined ? {} : { body }) }), '127.0.0.1')
}

async function pushBlob(app: App, content: Uint8Array<ArrayBuffer>): Promise<Digest> {
  const digest = digestBytes(content, 'sha256')
  const headers = { 'content-type': 'application/octet-stream' }
  expect((await send(app, 'POST', `/v2/team/app/blobs/uploads/?digest=${digest}`, content, headers)).status).toBe(201)
  return digest
}

interface Image {
  readonly layer: Digest
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly tag: string
  readonly manifest: string
}

async function pushImage(app: App, tag: string): Promise<Image> {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000))
  const [layer, config] = [await pushBlob(app, bytes), await pushBlob(app, new TextEncoder().encode(`{"tag":"${tag}"}`))]
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: `{"tag":"${tag}"}`.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size: bytes.length }],
    annotations: { 'a/b': 'ü ✓' },
  })
  expect((await send(app, 'PUT', `/v2/team/app/manifests/${tag}`, manifest)).status).toBe(201)
  return { layer, bytes, tag, manifest }
}

async function expectImage(app: App, { layer, bytes, tag, manifest }: Image): Promise<void> {
  expect(await (await send(app, 'GET', `/v2/team/app/manifests/${tag}`)).text()).toBe(manifest)
  const blob = await send(app, 'GET', `/v2/team/app/blobs/${layer}`)
  expect(Buffer.compare(await blob.bytes(), bytes)).toBe(0)
}

const watch = { onProgress: () => undefined, signal: new AbortController().signal }
const backUp = (places: Places) => backUpInstallation({ ...places, ...watch, version: '0.0.0', transactions })
const restore = (places: Places) => restoreInstallation({ ...places, ...watch })
const failureOf = (work: Promise<unknown>) => work.then(() => ({ code: 'none', message: '' }), (error: { code: string; message: string }) => error)
const objectsIn = (place: string) => readdirSync(join(place, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
const pathOf = ({ parentPath, name }: { parentPath: string; name: string }) => join(parentPath, name)

const engines: readonly Engine[] = ['SQLite', 'PostgreSQL']
describe.each(engines.flatMap((from) => engines.map((to) => [from, to] as const)))('a backup of %s restored on %s', (from, to) => {
  const unset = server === undefined && (from !== 'SQLite' || to !== 'SQLite')
  test.skipIf(unset)(`holds everything, and is another installation${unset ? ' (skipped: BERTH_TEST_POSTGRES is not set)' : ''}`, async () => {
    const original = await newPlaces('original', from)
    const app = await start(original)
    const images = [await pushImage(app, 'v1'), await pushImage(app, 'v2')]
    const open = await send(app, 'POST', '/v2/team/app/blobs/uploads/')
    await send(app, 'PATCH', open.headers.get('location') ?? '', new Uint8Array(100_000))
    const summary = await backUp(original)
    expect(summary).toMatchObject({ objects: { count: 2, bytes: 100_000 }, copied: { copied: 2, present: 0 }, damaged: [] })
    // What comes later is not in it.
    await pushImage(app, 'v3')
    await send(app, 'DELETE', '/v2/team/app/manifests/v1')

    const copy = await newPlaces('copy', to)
    expect(await restore(copy)).toMatchObject({ id: summary.id, rows: summary.rows, copied: { copied: 2 } })
    const restored = await start(copy)
    for (const image of images) await expectImage(restored, image)
    expect(await (await send(restored, 'GET', '/v2/team/app/tags/list')).json()).toEqual({ name: 'team/app', tags: ['v1', 'v2'] })
    expect((await send(restored, 'GET', open.headers.get('location') ?? '')).status).toBe(404)
    await pushImage(restored, 'v4')
    const marker = (places: Places) => readFileSync(join(places.data, 'installation'), 'utf8')
    expect(marker(copy)).not.toBe(marker(original))
    await stop(restored)
    // Its data directory with the original's database is refused, and so is the next backup of both into one folder.
    if (from === 'PostgreSQL') expect((await failureOf(start({ ...copy, databaseUrl: original.databaseUrl }))).code).toBe('corrupt')
    expect((await failureOf(backUp(copy))).code).toBe('foreign')
  }, 180_000)
})

describe('a second backup into the same folder', () => {
  test('copies what is new and forgets what is gone', async () => {
    const places = await newPlaces('data', 'SQLite')
    const app = await start(places)
    const kept = await pushImage(app, 'kept')
    await pushImage(app, 'deleted')
    await backUp(places)
    expect((await send(app, 'DELETE', `/v2/team/app/manifests/deleted`)).status).toBe(202)
    const added = await pushImage(app, 'added')
    const unfinished = join(places.folder, 'uploads', 'f'.repeat(32))
    writeFileSync(unfinished, 'of a backup that was killed')
    mkdirSync(join(places.folder, 'rows-00000000-0000-4000-8000-000000000000'))
    // An object that was collected since, as far as the folder can tell.
    const gone = pathOf(objectsIn(places.folder)[0] as { parentPath: string; name: string }).replace(/\.[0-9a-f]{32}$/, `.${'f'.repeat(32)}`)
    writeFileSync(gone, 'collected')
    const second = await backUp(places)
    expect(second.copied).toMatchObject({ copied: 1, copiedBytes: 50_000 })
    expect(readdirSync(places.folder).filter((name) => name.startsWith('rows-'))).toEqual([`rows-${second.id}`])
    expect(existsSync(unfinished)).toBe(false)
    expect(existsSync(gone)).toBe(false)
    const copy = await newPlaces('copy', 'SQLite')
    await restore(copy)
    const restored = await start(copy)
    for (const image of [kept, added]) await expectImage(restored, image)
    expect((await send(restored, 'GET', '/v2/team/app/manifests/deleted')).status).toBe(404)
  })

  test('is not taken into a folder of something else, nor beside another one', async () => {
    const places = await newPlaces('data', 'SQLite')
    const app = await start(places)
    await pushImage(app, 'v1')
    expect((await failureOf(backUp({ ...places, folder: places.data }))).code).toBe('foreign')
    mkdirSync(places.folder)
    writeFileSync(join(places.folder, 'thesis.txt'), 'x')
    expect((await failureOf(backUp(places))).code).toBe('foreign')
    expect((await failureOf(backUp({ ...places, data: join(folder, 'nowhere') }))).code).toBe('corrupt')
    expect(readdirSync(places.folder)).toEqual(['thesis.txt'])
    const two = { ...places, folder: join(folder, 'two') }
    const both = await Promise.all([failureOf(backUp(two)), failureOf(backUp(two))])
    expect(both.map(({ code }) => code).sort()).toEqual(['locked', 'none'])
  })
})

describe('an object of the installation that is damaged', () => {
  test('is named and left out, and can be pushed again to what is restored', async () => {
    const places = await newPlaces('data', 'SQLite')
    const app = await start(places)
    const [ill, well] = [await pushImage(app, 'ill'), await pushImage(app, 'well')]
    const file = objectsIn(places.data).find(({ name }) => name.startsWith(ill.layer.slice(7)))
    if (file === undefined) throw new Error('no file')
    flip(pathOf(file), 100)
    const { damaged, copied } = await backUp(places)
    expect([damaged.length, copied.copied]).toEqual([1, 1])
    expect(damaged[0]).toContain(ill.layer.slice(7))
    const copy = await newPlaces('copy', 'SQLite')
    expect((await restore(copy)).damaged).toHaveLength(1)
    const restored = await start(copy)
    await expectImage(restored, well)
    expect((await send(restored, 'GET', `/v2/team/app/blobs/${ill.layer}`)).status).toBe(404)
    await pushBlob(restored, ill.bytes)
    await expectImage(restored, ill)
  })
})

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('a backup that is', () => {
  /** Each answers what must be named. */
  const damages: [string, (backup: string) => string, string][] = [
    ['without its last file', (backup) => (rmSync(join(backup, 'backup.json')), 'no whole backup'), 'incomplete'],
    ['flipped in its last file', (backup) => (flip(join(backup, 'backup.json'), 200), 'backup.json'), 'damaged'],
    ['cut off in its last file', (backup) => (truncateSync(join(backup, 'backup.json'), 50), 'backup.json'), 'damaged'],
    ['flipped in its rows', (backup) => (flip(rowsOf(backup, 'tag'), 30), 'tag.jsonl'), 'damaged'],
    ['cut off in its rows', (backup) => (truncateSync(rowsOf(backup, 'event'), 100), 'event.jsonl'), 'damaged'],
    ['without some rows', (backup) => (rmSync(rowsOf(backup, 'blob')), 'blob.jsonl is missing'), 'damaged'],
    ['without an object', (backup) => (rmSync(objectOf(backup)), 'is missing'), 'damaged'],
    ['cut off in an object', (backup) => (truncateSync(objectOf(backup), 10), 'has 10 bytes, not 50000'), 'damaged'],
  ]
  const rowsOf = (backup: string, table: string): string =>
    join(backup, readdirSync(backup).find((name) => name.startsWith('rows-')) ?? '', `${table}.jsonl`)
  const objectOf = (backup: string): string => pathOf(objectsIn(backup)[0] as { parentPath: string; name: string })

  test.each(damages)('%s is refused, says what is wrong, and leaves nothing', async (_name, damage, code) => {
    const places = await newPlaces('data', 'SQLite')
    await pushImage(await start(places), 'v1')
    await backUp(places)
    const named = damage(places.folder)
    const copy = await newPlaces('copy', 'SQLite')
    const failure = await failureOf(restore(copy))
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(named)
    expect(existsSync(copy.data)).toBe(false)
    // And the next backup mends it.
    await backUp(places)
    await restore(copy)
  })

  test('flipped in an object is refused: no server starts, and the restore goes on once the object is whole', async () => {
    const places = await newPlaces('data', 'SQLite')
    const app = await start(places)
    const images = [await pushImage(app, 'v1'), await pushImage(app, 'v2')]
    await backUp(places)
    flip(objectOf(places.folder), 40_000)
    const copy = await newPlaces('copy', 'SQLite')
    const failure = await failureOf(restore(copy))
    expect([failure.code, failure.message.includes('has the digest sha256:')]).toEqual(['unfinished', true])
    expect((await failureOf(start(copy))).message).toContain('has not come to its end')
    flip(objectOf(places.folder), 40_000)
    expect((await restore(copy)).copied).toMatchObject({ present: 1, copied: 1 })
    const restored = await start(copy)
    for (const image of images) await expectImage(restored, image)
    expect((await failureOf(restore(copy))).code).toBe('occupied')
  })

  test('restored over something else is refused', async () => {
    const places = await newPlaces('data', 'SQLite')
    await pushImage(await start(places), 'v1')
    await backUp(places)
    expect((await failureOf(restore(places))).code).toBe('occupied')
    const other = await newPlaces('other', 'SQLite')
    mkdirSync(other.data)
    writeFileSync(join(other.data, 'restoring'), '00000000-0000-4000-8000-000000000000 00000000-0000-4000-8000-000000000000\n')
    expect((await failureOf(restore(other))).code).toBe('occupied')
  })
})
