import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '../rig/client.ts'
import { poll } from '../rig/poll.ts'
import { createRandom } from '../rig/random.ts'
import { type ServerProcess, startServer } from '../rig/server-process.ts'
import { fileOf, harmContent, harmFile, harms } from './damage.ts'
import { runFsck } from './fsck-process.ts'
import { classes, createSpecimen, digestOf, isThere, pushSpecimen, read, repositories, type Specimen } from './shelf.ts'

// New damage for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> does the same damage again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const limit = 120_000

let data: string
let server: ServerProcess | undefined
let specimens: readonly Specimen[]
const control = createSpecimen(seed, undefined)

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'berth-bit-rot-'))
  specimens = classes.flatMap((kind) => harms.map((harm) => createSpecimen(seed, { kind, harm })))
})
afterEach(async () => {
  await server?.kill()
  server = undefined
  rmSync(data, { recursive: true })
})

async function serve(settings: Readonly<Record<string, string>>): Promise<Client> {
  server = await startServer({ data, settings: { BERTH_STORAGE_SCRUB: 'off', ...settings } })
  return createClient(server.url)
}

async function stop(): Promise<void> {
  await server?.stop()
  server = undefined
}

async function pushAll(client: Client, into: readonly string[]): Promise<void> {
  for (const repository of into) for (const specimen of [...specimens, control]) await pushSpecimen(client, repository, specimen)
}

/** What is harmed, in the order of the specimens. */
const victims = () => specimens.flatMap((specimen) => (specimen.harmed === undefined ? [] : [{ specimen, ...specimen.harmed }]))

function harmAll(): void {
  const random = createRandom('bit rot', seed)
  for (const { specimen, kind, harm } of victims()) {
    const digest = digestOf(specimen, kind)
    if (kind === 'layer') harmFile(fileOf(data, digest), harm, random)
    else harmContent(data, digest, harm, random)
  }
}

const harmedDigests = () => victims().map(({ specimen, kind }) => digestOf(specimen, kind)).sort()
const digestsOf = (findings: Awaited<ReturnType<typeof runFsck>>['findings']) => findings.map(({ subject }) => subject['digest'] ?? '').sort()

/** Nothing harmed is there, wherever it is asked for; everything else is. */
async function expectRefused(client: Client): Promise<void> {
  for (const repository of repositories) {
    for (const { specimen, kind } of victims()) {
      expect(await read(client, repository, specimen, kind)).toBe('refused')
      expect(await isThere(client, repository, specimen, kind)).toBe(false)
      for (const other of classes) if (other !== kind) expect(await read(client, repository, specimen, other)).toBe('right')
    }
    for (const kind of classes) expect(await read(client, repository, control, kind)).toBe('right')
  }
}

/** One push, to one of the repositories, brings everything back to both. */
async function expectHealed(client: Client): Promise<void> {
  await pushAll(client, [repositories[0]])
  for (const repository of repositories) {
    for (const specimen of [...specimens, control]) {
      for (const kind of classes) expect(await read(client, repository, specimen, kind)).toBe('right')
    }
  }
  await stop()
  expect(await runFsck(data, '--deep')).toEqual({ exitCode: 0, findings: [] })
}

describe(`bit rot, seed ${seed}`, () => {
  test.each(['always', 'first'])('storage.verify=%s: read by read nothing wrong is complete, and a push heals', async (verify) => {
    await pushAll(await serve({}), repositories)
    await stop()
    harmAll()
    const client = await serve({ BERTH_STORAGE_VERIFY: verify })
    await expectRefused(client)
    await expectRefused(client)
    await expectHealed(client)
  }, limit)

  test('fsck --deep names all of it and nothing else, with what it affects; a repair marks it; a push heals', async () => {
    await pushAll(await serve({}), repositories)
    await stop()
    harmAll()
    const deep = await runFsck(data, '--deep')
    expect([deep.exitCode, digestsOf(deep.findings)]).toEqual([1, harmedDigests()])
    for (const { affected, subject } of deep.findings) {
      const { tag } = specimens.find((specimen) => classes.some((kind) => digestOf(specimen, kind) === subject['digest'])) as Specimen
      expect(affected).toEqual(repositories.map((repository) => ({ repository, tags: [tag] })))
    }
    // Sizes alone tell of what is shorter, and inline bytes are always hashed.
    const unseen = victims().filter(({ kind, harm }) => kind === 'layer' && (harm === 'flip' || harm === 'zeros'))
    const shallow = digestsOf((await runFsck(data)).findings)
    const missed = harmedDigests().filter((digest) => !shallow.includes(digest))
    expect(missed).toEqual(unseen.map(({ specimen, kind }) => digestOf(specimen, kind)).sort())
    const repaired = await runFsck(data, '--deep', '--repair')
    expect(digestsOf(repaired.findings.filter((found) => found.repaired))).toEqual(harmedDigests())
    const client = await serve({ BERTH_STORAGE_VERIFY: 'never' })
    await expectRefused(client)
    await expectHealed(client)
  }, limit)

  test('the scrubber finds all of it where reads verify nothing, and a push heals', async () => {
    await pushAll(await serve({}), repositories)
    await stop()
    harmAll()
    const client = await serve({ BERTH_STORAGE_VERIFY: 'never', BERTH_STORAGE_SCRUB: '100GiB' })
    await poll('the end of the pass', 20_000, async () => {
      const there = await Promise.all(victims().map(({ specimen, kind }) => isThere(client, repositories[1], specimen, kind)))
      return there.includes(true) ? undefined : true
    })
    expect(server?.output).toContain('push')
    await expectRefused(client)
    await expectHealed(client)
  }, limit)

  test('storage.verify=never: what is shorter than it was is never complete', async () => {
    specimens = specimens.filter((specimen) => specimen.harmed?.harm === 'cut' || specimen.harmed?.harm === 'empty')
    await pushAll(await serve({}), repositories)
    await stop()
    harmAll()
    const client = await serve({ BERTH_STORAGE_VERIFY: 'never' })
    await expectRefused(client)
    await expectHealed(client)
  }, limit)

  test('storage.verify=always: nor is what rots while the server runs', async () => {
    specimens = specimens.filter((specimen) => specimen.harmed?.kind === 'layer')
    const client = await serve({ BERTH_STORAGE_VERIFY: 'always' })
    await pushAll(client, repositories)
    for (const { specimen, kind } of victims()) expect(await read(client, repositories[0], specimen, kind)).toBe('right')
    harmAll()
    await expectRefused(client)
    await expectHealed(client)
  }, limit)
})
