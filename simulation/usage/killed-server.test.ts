import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { poll } from '../rig/poll.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'

setDefaultTimeout(120_000)

/** Two batches, on a slow machine. */
const written = 20_000
/** Pulls that a kill may lose: what came within the last batch. */
const lostAtMost = 20
const pullsAtOnce = 20

let folder: string
let server: ServerProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-usage-'))
})
afterEach(async () => {
  if (server?.running === true) await server.kill()
  rmSync(folder, { recursive: true })
})

/** What the file says, beside the server. */
function read<Row>(sql: string): Row | undefined {
  const database = new Database(join(folder, 'data', 'berth.db'), { readonly: true })
  try {
    return database.query<Row, []>(sql).get() ?? undefined
  } finally {
    database.close()
  }
}

const pulls = (): number => read<{ pulls: number }>(`select coalesce(sum(pulls), 0) as pulls from usage_day where dimension = 'project'`)?.pulls ?? 0

async function pushManifest(url: string): Promise<void> {
  const config = '{}'
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`
  const blob = await fetch(`${url}/v2/team/app/blobs/uploads/?digest=${digest}`, { method: 'POST', body: config })
  expect(blob.status).toBe(201)
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = { schemaVersion: 2, mediaType: type, config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }, layers: [] }
  const put = await fetch(`${url}/v2/team/app/manifests/v1`, { method: 'PUT', body: JSON.stringify(manifest), headers: { 'content-type': type } })
  expect(put.status).toBe(201)
}

async function pull(url: string, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    const response = await fetch(`${url}/v2/team/app/manifests/v1`)
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
}

test.each([1, 2])('with %p threads a kill loses no more than the last batch, an end nothing, and no pull counts twice', async (workers) => {
  const options = { data: join(folder, 'data'), settings: { BERTH_WORKERS: String(workers) } }
  server = await startServer(options)
  await pushManifest(server.url)
  await pull(server.url, pullsAtOnce)
  await poll('the first batch', written, () => Promise.resolve(pulls() === pullsAtOnce ? true : undefined))
  expect(read<{ at: number | null }>('select last_pulled_at as at from manifest')?.at).toBeGreaterThan(0)
  await pull(server.url, lostAtMost)
  await server.kill()
  const kept = pulls()
  expect(kept).toBeGreaterThanOrEqual(pullsAtOnce)
  expect(kept).toBeLessThanOrEqual(pullsAtOnce + lostAtMost)
  server = await startServer(options)
  await pull(server.url, pullsAtOnce)
  await server.stop()
  expect(pulls()).toBe(kept + pullsAtOnce)
})
