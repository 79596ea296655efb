import { afterEach, beforeEach, expect } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { statement, type DatabaseReader } from '../../src/database/index.ts'
import { poll } from '../rig/poll.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { createTestedPostgres, type TestedDatabase } from '../rig/tested-database.ts'
import { testUnless } from '../rig/test-unless.testing.ts'

const postgres = process.env['BERTH_TEST_POSTGRES']
/** Two batches, on a slow machine. */
const written = 20_000
/** Of each process at a time; those of the last time a kill may lose. */
const rounds = 3
const pullsAtOnce = 40

interface Sums {
  readonly pulls: number
  readonly pulled_bytes: number
  readonly pushes: number
}

const sumsOf = (dimension: string) =>
  statement<Sums>(`
    select cast(coalesce(sum(pulls), 0) as bigint) as pulls, cast(coalesce(sum(pulled_bytes), 0) as bigint) as pulled_bytes,
      cast(coalesce(sum(pushes), 0) as bigint) as pushes
    from usage_day where dimension = '${dimension}'`)
const dimensions = ['project', 'repository', 'actor:anonymous'].map(sumsOf)

let folder: string
let servers: ServerProcess[]
let database: TestedDatabase | undefined
let reader: DatabaseReader | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-usage-'))
  servers = []
})
afterEach(async () => {
  for (const server of servers) if (server.running) await server.kill()
  await reader?.close()
  await database?.dispose()
  rmSync(folder, { recursive: true })
})

/** A manifest of its own in the same repository. Answers its size. */
async function push(url: string, tag: string): Promise<number> {
  const config = '{}'
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`
  expect((await fetch(`${url}/v2/team/app/blobs/uploads/?digest=${digest}`, { method: 'POST', body: config })).status).toBe(201)
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const configOf = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: type, config: configOf, layers: [], annotations: { tag } })
  const put = await fetch(`${url}/v2/team/app/manifests/${tag}`, { method: 'PUT', body: manifest, headers: { 'content-type': type } })
  expect(put.status).toBe(201)
  return manifest.length
}

async function pull(url: string, tag: string, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    const response = await fetch(`${url}/v2/team/app/manifests/${tag}`)
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
}

/** Of each dimension, one after the other: a batch may come in between. */
async function sumsOfEach(): Promise<Sums[]> {
  const found: Sums[] = []
  for (const each of dimensions) found.push((await reader?.one(each)) as Sums)
  return found
}

/** Once nothing more comes they are the same, since there is one project, one repository and nobody logs in. */
async function sums(): Promise<Sums> {
  const [first, ...others] = await sumsOfEach()
  for (const other of others) expect(other).toEqual(first as Sums)
  return first as Sums
}

testUnless(postgres === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
  'what two processes count on one PostgreSQL adds up to the last pull, and of one that is killed only what came after its last batch is lost',
  async () => {
    database = await createTestedPostgres(postgres ?? '')
    const options = { data: folder, settings: database.settings }
    const start = async (role: string): Promise<ServerProcess> => {
      const server = await startServer({ ...options, settings: { ...options.settings, BERTH_ROLE: role } })
      servers.push(server)
      return server
    }
    const [one, two] = [await start('all'), await start('serve')]
    reader = await database.open(folder)
    const size = await push(one.url, 'v1')
    expect(await push(two.url, 'v2')).toBe(size)
    for (let round = 1; round <= rounds; round++) {
      // Each pulls what the other was given, too: both add to the same rows.
      await Promise.all([pull(one.url, 'v2', pullsAtOnce), pull(two.url, 'v1', pullsAtOnce), pull(two.url, 'v2', pullsAtOnce)])
      const pulls = 3 * pullsAtOnce * round
      await poll(`${pulls} pulls`, written, async () => ((await sumsOfEach()).every((sum) => sum.pulls >= pulls) ? true : undefined))
      expect(await sums()).toEqual({ pulls, pulled_bytes: pulls * size, pushes: 2 })
    }
    const before = 3 * pullsAtOnce * rounds
    await Promise.all([pull(one.url, 'v1', pullsAtOnce), pull(two.url, 'v1', pullsAtOnce)])
    await two.kill()
    await one.stop()
    await database.settled()
    const { pulls, pulled_bytes: bytes } = await sums()
    expect(pulls).toBeGreaterThanOrEqual(before + pullsAtOnce)
    expect(pulls).toBeLessThanOrEqual(before + 2 * pullsAtOnce)
    expect(bytes).toBe(pulls * size)
    const again = await start('all')
    await pull(again.url, 'v2', pullsAtOnce)
    await again.stop()
    expect((await sums()).pulls).toBe(pulls + pullsAtOnce)
  },
  120_000,
)
