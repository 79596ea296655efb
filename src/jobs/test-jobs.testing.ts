import type { DatabaseKind, TestDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction, transactionTable, type Database, type Outcome, type Tx } from '../database/index.ts'
import { createManualClock, type ManualClock } from '../lib/index.ts'
import { createLogger } from '../observe/index.ts'
import { record } from '../record/index.ts'
import { bringJobsForward, cancelJob, clearJobs, queueJob } from './job-transactions.ts'
import type { AnyJobHandler, JobHandler, JobKind, JobRun, PayloadSchema } from './job-kind.ts'
import type { RunToken } from './job.ts'
import { createJobs, type Jobs } from './jobs.ts'
import type { WorkerDeps } from './keep-working.ts'
import { bringForward, changeSchedule, createSchedule, deleteSchedule, fireSchedule } from './schedule-transactions.ts'
import { claimJob, endRun, holdRun, keepPosition, releaseRun, renewRun } from './run-transactions.ts'

export const actor = { identity: 'olga', address: '127.0.0.1' }

/** An effect of a run: an event that says which step of which job was made. */
export const makeStep = transaction('make step', async (tx: Tx, { run, step }: { readonly run: RunToken; readonly step: number }): Promise<Outcome<null>> => {
  const refusal = await holdRun(tx, run)
  if (refusal !== undefined) return refusal
  await keepPosition(tx, run, { step })
  return await record(tx, { kind: 'test.step', actor: undefined, repositoryId: undefined, keys: { job: run.job, step } }, null)
})

const outdate = statement('update job set payload_version = $2 where id = $1')

/** Makes the payload of a job one of another version of the program. */
const outdateJob = transaction('outdate job', async (tx: Tx, { id, version }: { readonly id: number; readonly version: number }): Promise<Outcome<null>> => {
  await tx.run(outdate, id, version)
  return { ok: null }
})

export const jobTransactions = transactionTable([queueJob, cancelJob, bringJobsForward, clearJobs, claimJob, renewRun, endRun, releaseRun, makeStep, outdateJob, createSchedule, changeSchedule, deleteSchedule, fireSchedule, bringForward])

export const events = statement<{ kind: string; keys: string; actor: string | null }>('select kind, keys, actor from event where seq > $1 order by seq')

/** What takes an object with these members, each of this type. */
export function shapeOf<Payload>(members: Readonly<Record<string, 'string' | 'number'>>): PayloadSchema<Payload> {
  return {
    safeParse(value) {
      const given = (value ?? {}) as Readonly<Record<string, unknown>>
      const wrong = Object.entries(members).find(([name, type]) => typeof given[name] !== type)
      if (wrong === undefined) return { success: true, data: given as Payload }
      return { success: false, error: { issues: [{ path: [wrong[0]], message: `must be a ${wrong[1]}` }] } }
    },
  }
}

export interface StepsPayload {
  readonly steps: number
}

export const stepsKind: JobKind<StepsPayload> = { name: 'test.steps', version: 2, payload: shapeOf({ steps: 'number' }), summary: 'Makes steps.', mostAttempts: 3 }

/** A handler whose steps take effect once each, whatever happens to those who run it. */
export function stepsHandler(database: Database, between: (run: JobRun<StepsPayload>, step: number) => Promise<void> = () => Promise.resolve()): JobHandler<StepsPayload> {
  const run = async (run: JobRun<StepsPayload>): Promise<unknown> => {
    const done = (run.position as { readonly step: number } | undefined)?.step ?? 0
    for (let step = done + 1; step <= run.payload.steps; step++) {
      await between(run, step)
      run.signal.throwIfAborted()
      const outcome = await database.transact(makeStep, { run: run.token, step })
      if ('refused' in outcome) throw new Error(outcome.refused)
      run.report({ done: step, total: run.payload.steps, unit: 'steps' })
      run.log(`step ${step}`)
    }
    return { steps: run.payload.steps }
  }
  return { kind: stepsKind, run }
}

export interface TestJobs extends TestDatabase {
  readonly clock: ManualClock
  readonly jobs: Jobs
  /** A worker with these handlers. */
  worker(handlers: readonly AnyJobHandler[], parts?: Partial<WorkerDeps>): WorkerDeps
  /** Makes the payload of a job one of another version of the program. */
  outdate(id: number, version: number): Promise<void>
  /** Steps that took effect, as `JOB:STEP`. */
  steps(): Promise<string[]>
}

export const lease = 30_000

export async function createTestJobs(kind: DatabaseKind): Promise<TestJobs> {
  const clock = createManualClock(1_700_000_000_000)
  const t = await kind.create(jobTransactions, clock)
  const jobs = createJobs({ database: t.database, kinds: [stepsKind] })
  return {
    ...t,
    clock,
    jobs,
    worker: (handlers, parts = {}) => ({ database: t.database, clock, logger: createLogger({ level: 'silent' }), handlers, node: 'here', atOnce: 1, lease, ...parts }),
    outdate: async (id, version) => void (await t.database.transact(outdateJob, { id, version })),
    steps: async () => {
      const found = await t.database.all(events, 0)
      return found.flatMap(({ kind: name, keys }) => {
        if (name !== 'test.step') return []
        const { job, step } = JSON.parse(keys) as { readonly job: number; readonly step: number }
        return [`${job}:${step}`]
      })
    },
  }
}
