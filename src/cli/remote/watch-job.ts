import type { Client, Job } from '../../client/index.ts'
import { oneLine } from './one-line.ts'

/** Where somebody watches. */
export interface Watching {
  /** Where lines follow each other, and one can be written over: a person looks at it. */
  readonly isTerminal: boolean
  readonly say: (text: string) => void
  readonly pause: (ms: number) => Promise<void>
}

/** Ended otherwise than by being done: what is shown is the job all the same. */
export class JobUndone extends Error {
  readonly job: Job

  constructor(job: Job) {
    super(job.error === undefined ? job.state : `${job.error.code}: ${job.error.message}`)
    this.name = 'JobUndone'
    this.job = job
  }
}

const lookEvery = 1_000
/** To the beginning of the line, and everything behind it gone. */
const over = '\r\x1b[K'

/**
 * Shows the log of a job and how far it is, until it ends. On a terminal the last line is written over; elsewhere each change is a line.
 * @throws JobUndone
 */
export async function watchJob(client: Client, id: string, { isTerminal, say, pause }: Watching): Promise<Job> {
  let shown = ''
  let seen = 0
  for (;;) {
    // The job before its log: what it logged until its end is then in it.
    const job = await client.call('getJob', { params: { job: id } })
    const { items } = await client.call('getJobLog', { params: { job: id }, query: { limit: 200, after: seen } })
    for (const { number, text } of items) {
      say(`${isTerminal ? over : ''}${oneLine(text)}\n`)
      seen = number
    }
    const now = progressOf(job)
    if (isTerminal) say(`${over}${now}`)
    else if (now !== shown) say(`${now}\n`)
    shown = now
    if (job.finishedAt !== undefined) {
      if (isTerminal) say('\n')
      if (job.state === 'done') return job
      throw new JobUndone(job)
    }
    await pause(lookEvery)
  }
}

function progressOf({ state, waitsFor, cancelRequested, progress }: Job): string {
  const far = progress && [progress.total === undefined ? String(progress.done) : `${progress.done}/${progress.total}`, progress.unit, progress.note]
  const parts = [cancelRequested && state === 'running' ? 'cancelling' : state, ...(far ?? []), waitsFor && `waits for ${waitsFor}`]
  return oneLine(parts.filter((part) => part !== undefined).join(' '))
}
