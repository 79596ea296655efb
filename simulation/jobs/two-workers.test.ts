import { afterEach, beforeEach, expect } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openPostgresDatabase } from '../../src/database/index.ts'
import { countKind } from '../../src/features/usage/index.ts'
import { createJobs } from '../../src/jobs/index.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { poll } from '../rig/poll.ts'
import { ServerProcess, startServer } from '../rig/server-process.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { createTestedPostgres } from '../rig/tested-database.ts'

const lease = 2_000
/** For a look for work, and a slow machine. */
const margin = 8_000
/** Enough that the count of what they store takes seconds. */
const projects = 1_500
const processes: ServerProcess[] = []
let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'berth-workers-'))
})
afterEach(async () => {
  for (const each of processes.splice(0)) if (each.running) await each.kill()
  rmSync(data, { recursive: true })
})

const segments = (): string[] => readdirSync(join(data, 'recovery')).toSorted()

testUnless(process.env['BERTH_TEST_POSTGRES'] === undefined ? 'BERTH_TEST_POSTGRES is not set' : undefined)(
  'of two `berth serve --role work` on one directory one is killed: the other goes on with its job within the lease, and with the recovery segments',
  async () => {
    const server = await createTestedPostgres(process.env['BERTH_TEST_POSTGRES'] ?? '')
    const url = server.settings['BERTH_DATABASE_URL'] ?? ''
    const settings = { ...server.settings, BERTH_JOBS_LEASE: `${lease}ms`, BERTH_LOG_LEVEL: 'info' }
    const start = (role: string): ServerProcess => {
      const started = new ServerProcess({ data, settings: { ...settings, BERTH_ROLE: role } })
      processes.push(started)
      return started
    }
    const serving = await startServer({ data, settings: { ...settings, BERTH_ROLE: 'serve' } })
    processes.push(serving)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const database = await openPostgresDatabase({ url, mustExist: true, clock: systemClock, ids: systemIds, onIdleError: () => undefined })
    try {
      await client.query(`insert into namespace (domain_id, name, created_at) select min(d.id), 'project-' || n, 0 from domain d, generate_series(1, ${projects}) n group by n`)
      const jobs = createJobs({ database, kinds: [countKind] })
      const { id } = await jobs.queue({ kind: countKind.name, payload: {}, actor: undefined })
      const nodeOf = async (): Promise<number | undefined> => {
        const node = (await jobs.find(id))?.node
        return node === undefined ? undefined : Number(node.split(':').at(-1))
      }
      const first = start('work')
      expect(await poll('a process that takes the job', 20_000, nodeOf)).toBe(first.pid)
      const second = start('work')
      await poll('the other one to stand by', 20_000, async () => (second.output.includes('stands by') ? true : undefined))
      expect(await jobs.find(id)).toMatchObject({ state: 'running', attempt: 1 })
      await first.kill()
      await poll('the other process at work', lease + margin, async () => ((await nodeOf()) === second.pid ? true : undefined))
      const done = await poll('the end of the job', 60_000, async () => ((await jobs.find(id))?.finishedAt === undefined ? undefined : await jobs.find(id)))
      expect(done).toMatchObject({ state: 'done', attempt: 2, result: { projects } })
      await poll('that it writes the segments', margin, async () => (second.output.includes('from now on') ? true : undefined))
      const before = segments()
      const digest = new Bun.CryptoHasher('sha256').update('one more').digest('hex')
      const pushed = await fetch(`${serving.url}/v2/team/app/blobs/uploads/?digest=sha256:${digest}`, { method: 'POST', body: 'one more' })
      expect(pushed.status).toBe(201)
      await poll('a segment with what was pushed', margin, async () => (segments().at(-1) === before.at(-1) ? undefined : true))
      await second.stop()
    } finally {
      await client.end()
      await database.close()
      for (const each of processes) if (each.running) await each.kill()
      await server.dispose()
    }
  },
  120_000,
)
