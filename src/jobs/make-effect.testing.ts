import { statement, transaction, type Outcome, type Tx } from '../database/index.ts'
import { record } from '../record/index.ts'
import type { RunToken } from './job.ts'
import { holdRun, keepPosition } from './run-transactions.ts'

const position = statement<{ position: string | null }>('select position from job where id = $1')
const number = statement<{ next: number }>('select coalesce(max(number), 0) + 1 as next from job_line where job_id = $1')
const effect = statement(`insert into job_line (job_id, number, at, text) values ($1, $2, $3, 'effect')`)

/** What a handler does that may be run again: made once, and never by a run that was taken for dead. */
export const makeEffect = transaction('make effect', async (tx: Tx, { run }: { readonly run: RunToken }): Promise<Outcome<null>> => {
  const refusal = await holdRun(tx, run)
  if (refusal !== undefined) return refusal
  if ((await tx.one(position, run.job))?.position === null) {
    const { next = 1 } = (await tx.one(number, run.job)) ?? {}
    await tx.run(effect, run.job, next, tx.now)
    await keepPosition(tx, run, 'made')
  }
  return await record(tx, { kind: 'test.effect', actor: undefined, repositoryId: undefined, keys: { job: run.job } }, null)
})
