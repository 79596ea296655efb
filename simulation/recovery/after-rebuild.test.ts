import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdtempSync, readdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createClient, expectStatus, type Client } from '../rig/client.ts'
import { bytesOf, createContent } from '../rig/content.ts'
import { poll } from '../rig/poll.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { runBerth, untilRecorded } from './command.ts'
import { contents, expectImage, image, push } from './image.ts'
import { lostRows, type Rows } from './lost-rows.ts'

setDefaultTimeout(120_000)

/** Collection without waiting, so that what it may take is soon gone. */
const eager = { BERTH_GC_LEASE: '1s', BERTH_GC_DRAIN: '0s', BERTH_GC_INTERVAL: '1s', BERTH_UPLOADS_EXPIRY: '1h' }
const collectLimit = 30_000
/** Two files of one image pushed twice more, one unfinished upload, one blob pushed after the last segment. */
const unknown = { duplicates: 4, unfinished: 1, late: 1 }

interface Report {
  readonly code: number
  readonly found: readonly { readonly code: string; readonly subject: { readonly file?: string }; readonly repaired: boolean }[]
}

describe.each(lostRows())('after a rebuild on %s', (name, create) => {
  if (create === undefined) return test.skip(`${name} (skipped: BERTH_TEST_POSTGRES is not set, npm test sets it)`, () => undefined)
  let folder: string
  let data: string
  let rows: Rows
  let running: ServerProcess | undefined
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-rebuilt-'))
    data = join(folder, 'data')
    rows = await create()
  })
  afterEach(async () => {
    if (running?.running === true) await running.kill()
    await rows.dispose()
    rmSync(folder, { recursive: true })
  })
  const start = async (settings: Readonly<Record<string, string>> = eager): Promise<Client> => {
    running = await startServer({ data, settings: { ...rows.settings, ...settings } })
    return createClient(running.url)
  }
  const berth = (...words: string[]) => runBerth(words, data, { ...rows.settings, ...eager })
  const fsck = async (...words: string[]): Promise<Report> => {
    const { code, out } = await berth('fsck', '--json', ...words)
    const lines = out.trim().split('\n').map((line) => JSON.parse(line) as Report['found'][number] & { readonly type: string })
    return { code, found: lines.filter(({ type }) => type === 'finding') }
  }
  const files = (): string[] =>
    ['blobs', 'uploads'].flatMap((below) => readdirSync(join(data, below), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  const filesOf = (digest: string) => files().filter((path) => path.includes(digest.slice(7)))
  const untilHeld = () =>
    poll('a report that collection is held', collectLimit, async () => (running?.output.includes('collection is held') === true ? true : undefined))

  test('files that the index does not know are named, kept while collection is held, and do not hold it longer', async () => {
    const client = await start({})
    // The same blobs three times: of two copies the files are unknown once the index is rebuilt.
    await push(client, 'team/app', 'v1')
    await push(client, 'team/app', 'v2')
    await push(client, 'team/other', 'v1')
    const begun = expectStatus(await client.send('POST', '/v2/team/app/blobs/uploads/'), 202).headers.get('location') as string
    const { pathname, search } = new URL(begun, 'http://registry')
    expectStatus(await client.send('PATCH', pathname + search, { body: bytesOf(createContent('half', 100_000)) }), 202)
    await untilRecorded(data, image('team/other:v1').digest)
    cpSync(join(data, 'recovery'), join(folder, 'recovery'), { recursive: true })
    const late = createContent('late', 50_000)
    expectStatus(await client.send('POST', `/v2/team/app/blobs/uploads/?digest=${late.digest}`, { body: bytesOf(late) }), 201)
    await running?.kill()
    await rows.lose(data)
    rmSync(join(data, 'recovery'), { recursive: true })
    cpSync(join(folder, 'recovery'), join(data, 'recovery'), { recursive: true })
    const note = join(dirname(filesOf(late.digest)[0] as string), 'a note')
    writeFileSync(note, 'none of Berth')
    // Old enough that a repair would take what nobody knows.
    for (const path of files()) utimesSync(path, 1, 1)

    expect((await berth('rebuild-index')).code).toBe(0)
    const stored = files()
    await start()
    await untilHeld()
    await running?.stop()
    const first = await fsck('--deep', '--repair')
    expect(first.code).toBe(1)
    expect(first.found.filter(({ code }) => code === 'file-unknown').length).toBe(unknown.duplicates + unknown.unfinished + unknown.late)
    expect(new Set(first.found.map(({ code }) => code))).toEqual(new Set(['file-unknown', 'file-foreign']))
    expect(first.found.filter(({ repaired }) => repaired)).toEqual([])
    expect(first.found.find(({ subject }) => subject.file?.includes(late.digest.slice(7)))).toBeDefined()
    expect(files()).toEqual(stored)

    // The index was found sound, so the hold is over: a deleted image goes, and a repair may take what is unknown.
    const again = await start()
    await expectImage(again, 'team/app', 'v1')
    const alone = createContent('alone', 60_000)
    expectStatus(await again.send('POST', `/v2/team/app/blobs/uploads/?digest=${alone.digest}`, { body: bytesOf(alone) }), 201)
    await poll('the collection of a blob that nothing holds', collectLimit, async () => (filesOf(alone.digest).length === 0 ? true : undefined))
    await running?.stop()
    const second = await fsck('--repair')
    expect(second.found.filter(({ repaired }) => !repaired)).toMatchObject([{ code: 'file-foreign' }])
    unlinkSync(note)
    expect(await fsck('--deep')).toEqual({ code: 0, found: [] })
    expect(filesOf(late.digest)).toEqual([])
    await expectImage(await start(), 'team/other', 'v1')
  })

  test('what a sparse push left out is still not missed, and comes later', async () => {
    const client = await start({ BERTH_PUSH_SPARSE: 'index' })
    const missing = createContent('missing', 70_000)
    const descriptor = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: missing.digest, size: missing.size }
    const index = JSON.stringify({ schemaVersion: 2, manifests: [descriptor] })
    const headers = { 'content-type': descriptor.mediaType }
    expectStatus(await client.send('PUT', '/v2/team/app/manifests/sparse', { body: Buffer.from(index), headers }), 201)
    await untilRecorded(data, new Bun.CryptoHasher('sha256').update(index).digest('hex'))
    await running?.kill()
    await rows.lose(data)
    expect((await berth('rebuild-index')).code).toBe(0)
    expect(await fsck('--deep')).toEqual({ code: 0, found: [] })
    const again = await start()
    expect(Buffer.from(expectStatus(await again.send('GET', '/v2/team/app/manifests/sparse'), 200).bytes).toString()).toBe(index)
    expectStatus(await again.send('POST', `/v2/team/app/blobs/uploads/?digest=${missing.digest}`, { body: bytesOf(missing) }), 201)
    const alone = createContent('alone', 60_000)
    expectStatus(await again.send('POST', `/v2/team/app/blobs/uploads/?digest=${alone.digest}`, { body: bytesOf(alone) }), 201)
    await poll('the collection of a blob that nothing holds', collectLimit, async () => (filesOf(alone.digest).length === 0 ? true : undefined))
    expectStatus(await again.send('GET', `/v2/team/app/blobs/${missing.digest}`), 200)
  })

  test('a blob that is lost for good is named at each check, and does not hold collection for ever', async () => {
    await push(await start(), 'team/app', 'v1')
    await running?.stop()
    await rows.lose(data)
    const lost = contents.at(-1)!.digest
    for (const path of filesOf(lost)) unlinkSync(path)
    expect((await berth('rebuild-index')).code).toBe(1)
    expect((await fsck()).found).toMatchObject([{ code: 'object-damaged', subject: { digest: lost } }])
    const client = await start()
    expectStatus(await client.send('DELETE', `/v2/team/app/manifests/${image('team/app:v1').digest}`), 202)
    await poll('the collection of all that the image had', collectLimit, async () => (files().length === 0 ? true : undefined))
  })
})
