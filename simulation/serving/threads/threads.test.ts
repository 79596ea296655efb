import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEditedProgram, type Edit, type EditedProgram } from '../../rig/edited-program.ts'
import { poll } from '../../rig/poll.ts'
import { startServer, type ServerProcess } from '../../rig/server-process.ts'

setDefaultTimeout(180_000)

let data: string
let server: ServerProcess | undefined
let program: EditedProgram | undefined
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'berth-threads-'))
})
afterEach(async () => {
  if (server?.running === true) await server.kill()
  program?.dispose()
  program = server = undefined
  rmSync(data, { recursive: true })
})

async function start(edits: readonly Edit[] = [], settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  program = edits.length === 0 ? undefined : createEditedProgram(edits)
  const launcher = program === undefined ? {} : { launcher: program.launcher }
  server = await startServer({ data, settings: { BERTH_WORKERS: '3', ...settings }, ...launcher })
  return server
}

/** Waits until something is so. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await poll(what, 20_000, async () => ((await holds()) ? true : undefined))
}

const digestOf = (bytes: Uint8Array): string => `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
const blobPath = (bytes: Uint8Array): string => `/v2/team/app/blobs/${digestOf(bytes)}`

/** A push of one request, on a connection of its own, that stands still in the middle until `go`. Answers the status. */
async function pushSlowly(url: string, bytes: Uint8Array<ArrayBuffer>, half: () => void, go: Promise<void>): Promise<number> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length / 2)),
    pull: async (controller) => {
      half()
      await go
      controller.enqueue(bytes.subarray(bytes.length / 2))
      controller.close()
    },
  })
  const path = `/v2/team/app/blobs/uploads/?digest=${digestOf(bytes)}`
  return (await fetch(url + path, { method: 'POST', body, keepalive: false })).status
}

test('a stop lets every running request of every thread end, and nothing acknowledged is missing', async () => {
  const { url } = await start()
  const blobs = Array.from({ length: 24 }, () => crypto.getRandomValues(new Uint8Array(400_000)))
  const go = Promise.withResolvers<void>()
  let half = 0
  const pushes = Promise.all(blobs.map((bytes) => pushSlowly(url, bytes, () => half++, go.promise)))
  // What fails here is seen below; the first thing that fails is the one to report.
  pushes.catch(() => undefined)
  const done = crypto.getRandomValues(new Uint8Array(1_000))
  expect(await pushSlowly(url, done, () => undefined, Promise.resolve())).toBe(201)
  /** Pulls without a pause, until nobody listens any more. */
  const pulls = Promise.all(Array.from({ length: 6 }, async () => {
    for (let count = 0; ; count++) {
      const answer = await fetch(url + blobPath(done), { keepalive: false }).catch(() => undefined)
      if (answer === undefined) return count
      expect(answer.status).toBe(200)
      const bytes = await answer.bytes().catch(() => undefined)
      if (bytes !== undefined) expect(digestOf(bytes)).toBe(digestOf(done))
    }
  }))
  await until('all pushes are half done', () => half >= blobs.length)
  const stopped = server?.stop()
  for (const count of await pulls) expect(count).toBeGreaterThan(0)
  go.resolve()
  expect(await pushes).toEqual(blobs.map(() => 201))
  await stopped
  const again = await start()
  for (const bytes of [...blobs, done]) expect((await fetch(again.url + blobPath(bytes), { method: 'HEAD' })).status).toBe(200)
})

const listening: Omit<Edit, 'to'> = { file: 'src/worker.ts', from: 'listener = await listenForClients(' }

test('a thread that crashes ends the process, which says why', async () => {
  const running = await start([{ ...listening, to: `setTimeout(() => { throw new Error('made up') }, 500); listener = await listenForClients(` }])
  await until('the process has ended', () => !running.running)
  expect(running.exitCode).toBe(1)
  expect(running.output).toContain('this process can answer requests no longer')
  expect(running.output).toContain('made up')
})

test('a thread that ends without a word ends the process too', async () => {
  const running = await start([{ ...listening, to: `setTimeout(() => process.exit(0), 500); listener = await listenForClients(` }])
  await until('the process has ended', () => !running.running)
  expect(running.exitCode).toBe(1)
  expect(running.output).toContain('this process can answer requests no longer')
})

test('a thread that hangs is named to operators, and a stop does not wait for it for ever', async () => {
  const hang = `setTimeout(() => { for (;;); }, 500); listener = await listenForClients(`
  const running = await start([{ ...listening, to: hang }], { BERTH_OPS_LISTEN: '127.0.0.1:0', BERTH_HTTP_DRAIN: '0s' })
  const ops = /(http:\/\/\S+)\/metrics\n/.exec(running.output)?.[1] ?? ''
  const reasons = async (): Promise<string> => await (await fetch(`${ops}/readyz`)).text()
  await until('threads do not answer', async () => (await reasons()).includes('no answer within'))
  expect(await reasons()).toMatch(/^not ready\nthread \d: no answer within 2000 ms\n/)
  await expect(running.stop()).rejects.toThrow('a thread that answers requests does not react')
})

test('a commit that may be lost ends the process, whichever thread asked for it', async () => {
  const running = await start([
    {
      file: 'src/database/sqlite/merged-commit.ts',
      from: "    connection.execute('commit')\n",
      to: "    if (JSON.stringify(requests).includes('break/it')) throw new DatabaseError('failed', 'made up')\n    connection.execute('commit')\n",
    },
  ])
  const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}')
  const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
  const answer = await fetch(`${running.url}/v2/break/it/manifests/v1`, { method: 'PUT', body: bytes, headers }).catch(() => undefined)
  expect(answer?.status ?? 500).toBeGreaterThanOrEqual(500)
  await until('the process has ended', () => !running.running)
  expect(running.exitCode).toBe(1)
  expect(running.output).toContain('the database can no longer be trusted')
})

test('a database that breaks while the threads start ends the start', async () => {
  const join = { file: 'src/database/sqlite/writer-thread.ts', from: 'return this.serve(message.port)', to: "throw new Error('made up')" }
  await expect(start([join])).rejects.toThrow('the database can no longer be trusted in this process')
})
