import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteReader, type Database, type Reads } from '../../src/database/index.ts'
import { createJobs } from '../../src/jobs/index.ts'
import { events, stepsKind } from '../../src/jobs/test-jobs.testing.ts'
import { createTestedPostgres } from '../rig/tested-database.ts'
import { poll } from '../rig/poll.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { lease, openJobs } from './worker-process.ts'

const steps = 30
/** For a step, a look for work, and a slow machine. */
const margin = 15_000
const processes: ReturnType<typeof Bun.spawn>[] = []
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-worker-'))
})
afterEach(async () => {
  for (const each of processes.splice(0)) {
    each.kill('SIGKILL')
    await each.exited
  }
  rmSync(folder, { recursive: true })
})

function startWorker(place: string, node: string) {
  const started = Bun.spawn([process.execPath, join(import.meta.dir, 'worker-process.ts'), place, node], { stdout: 'inherit', stderr: 'inherit' })
  processes.push(started)
  return started
}

async function kill(worker: ReturnType<typeof startWorker>): Promise<void> {
  worker.kill('SIGKILL')
  await worker.exited
}

async function stepsOf(database: Pick<Reads, 'all'>): Promise<number[]> {
  const found = (await database.all(events, 0)).filter(({ kind }) => kind === 'test.step')
  return found.map(({ keys }) => (JSON.parse(keys) as { readonly step: number }).step)
}

const everyStep = Array.from({ length: steps }, (_, at) => at + 1)
const actor = { identity: undefined, address: '127.0.0.1' }
const jobsOf = (database: Database) => createJobs({ database, kinds: [stepsKind] })

testUnless(process.env['BERTH_TEST_POSTGRES'] === undefined ? 'BERTH_TEST_POSTGRES is not set' : undefined)(
  'of two processes on PostgreSQL one is killed, and the other goes on with its job within the lease, from where it was',
  async () => {
    const server = await createTestedPostgres(process.env['BERTH_TEST_POSTGRES'] ?? '')
    const place = server.settings['BERTH_DATABASE_URL'] ?? ''
    const database = await openJobs(place)
    try {
      const jobs = jobsOf(database)
      const workers = { one: startWorker(place, 'one'), two: startWorker(place, 'two') }
      const { id } = await jobs.queue({ kind: stepsKind.name, payload: { steps }, actor })
      const first = await poll('a process that takes the job', 20_000, async () => ((await stepsOf(database)).length >= 3 ? (await jobs.find(id))?.node : undefined))
      await kill(workers[first as 'one' | 'two'])
      const before = (await stepsOf(database)).length
      expect(before).toBeLessThan(steps)
      await poll('the other process', lease + margin, async () => ((await stepsOf(database)).length > before ? true : undefined))
      expect((await jobs.find(id))?.node).toBe(first === 'one' ? 'two' : 'one')
      const done = await poll('the end of the job', 20_000, async () => ((await jobs.find(id))?.finishedAt === undefined ? undefined : await jobs.find(id)))
      expect(done).toMatchObject({ state: 'done', attempt: 2 })
      expect(await stepsOf(database)).toEqual(everyStep)
    } finally {
      for (const each of processes) await kill(each)
      await database.close()
      await server.dispose()
    }
  },
  300_000,
)

test(
  'a process on SQLite is killed twice, and goes on with its job after each restart',
  async () => {
    const place = join(folder, 'berth.db')
    const database = await openJobs(place)
    const { id } = await jobsOf(database).queue({ kind: stepsKind.name, payload: { steps }, actor })
    await database.close()
    for (const [node, until] of [['first', 4], ['second', 14], ['third', steps]] as const) {
      const worker = startWorker(place, node)
      const reader = await openSqliteReader({ path: place, installation: undefined })
      await poll(`${until} steps`, lease + 20_000, async () => ((await stepsOf(reader)).length >= until ? true : undefined))
      await reader.close()
      if (until < steps) await kill(worker)
      else {
        worker.kill('SIGTERM')
        expect(await worker.exited).toBe(0)
      }
    }
    const after = await openJobs(place)
    expect(await jobsOf(after).find(id)).toMatchObject({ state: 'done', attempt: 3 })
    expect(await stepsOf(after)).toEqual(everyStep)
    await after.close()
  },
  300_000,
)
