import type { FrontListener, PortClaim } from '../http/index.ts'
import type { Clock } from '../lib/index.ts'
import type { Metric, Profiler } from '../observe/index.ts'
import type { MetricValues, Start } from './messages.ts'
import { summed } from './sum-metrics.ts'
import { createWorkerThread, type OnRelease, type Thread, type ThreadReport, type WorkerThread } from './worker-thread.ts'

export interface WorkerGroupOptions {
  readonly count: number
  readonly startThread: () => Thread
  /** What one of them needs to begin, with what of it is handed over and not copied. */
  readonly startOf: () => { readonly start: Start; readonly transfer: unknown[] }
  readonly report: ThreadReport
  /** Fulfilled with the reason once the process can't go on: a thread that waits for the database then waits for ever. */
  readonly broken: Promise<Error>
  readonly clock: Clock
}

/** The threads that answer requests, all on one port. */
export interface WorkerGroup {
  /** Why a thread is not ready, or does not answer: a check of readiness for each. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  /** One for each thread. */
  readonly profilers: readonly Profiler[]
  /** `own` and the same of all threads, added up. */
  metrics(own: readonly Metric[]): Promise<readonly Metric[]>
  /** Listens with all of them, or fails with none left listening. `claim` keeps the port for them meanwhile. */
  listen(claim: PortClaim): Promise<FrontListener>
  /** Waits until each has closed what it opened, then ends them. */
  close(): Promise<void>
}

/** Starts them all, or fails with what one failed with and leaves none running. */
export async function startWorkers({ count, startThread, startOf, report, broken, clock }: WorkerGroupOptions): Promise<WorkerGroup> {
  const byOwner = new Map<string, WorkerThread>()
  const release: OnRelease = async (owner, written) => (await inTime(byOwner.get(owner)?.call('release', written), clock)) ?? null
  const threads = Array.from({ length: count }, () => createWorkerThread(startThread(), report, release))
  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.call('close', null)))
    for (const thread of threads) thread.end()
  }
  try {
    const started = all(threads, async (thread) => {
      const { start, transfer } = startOf()
      const { owner } = await thread.call('start', start, transfer)
      byOwner.set(owner, thread)
    })
    await Promise.race([started, broken.then((reason) => Promise.reject(reason))])
  } catch (error) {
    for (const thread of threads) thread.end()
    throw error
  }
  return Object.freeze<WorkerGroup>({
    checks: Object.fromEntries(threads.map((thread, index) => [`thread ${index + 1}`, () => checkReady(thread)])),
    profilers: threads.map((thread) => ({ cpu: async (duration) => (await thread.call('profile', { duration })) ?? undefined })),
    metrics: (own) => summed(own, () => valuesOf(threads)),
    listen: (claim) => listenWithAll(threads, claim, clock),
    close,
  })
}

/** Ms that one thread waits for another to let go of an upload. It is the work of a moment, and the bytes can be copied instead. */
const longestRelease = 5_000

/** What came of it, or nothing where the thread hangs: then its requests stand still, but not those of the others. */
async function inTime<T>(asked: Promise<T> | undefined, clock: Clock): Promise<T | undefined> {
  const answered = new AbortController()
  const late = clock.sleep(longestRelease, answered.signal).catch(() => undefined)
  try {
    return (await Promise.race([asked, late])) ?? undefined
  } finally {
    answered.abort()
  }
}

/** Like Promise.all, but waits for the others too when one fails: nothing is under way any more then. */
async function all<T>(threads: readonly WorkerThread[], ask: (thread: WorkerThread) => Promise<T>): Promise<T[]> {
  const asked = threads.map(ask)
  await Promise.allSettled(asked)
  return await Promise.all(asked)
}

async function valuesOf(threads: readonly WorkerThread[]): Promise<MetricValues[]> {
  return (await Promise.all(threads.map((thread) => thread.call('metrics', null)))).flat()
}

async function checkReady(thread: WorkerThread): Promise<void> {
  const reasons = await thread.call('reasons', null)
  if (reasons.length > 0) throw new Error(reasons.join('; '))
}

/** Ms that a thread may take longer than the requests it has. */
const lateness = 5_000

/** Fails when one does not answer: it will not end either, and the others are not to wait for it. */
async function stopAll(threads: readonly WorkerThread[], graceMs: number, clock: Clock): Promise<void> {
  const stopped = new AbortController()
  const late = clock.sleep(graceMs + lateness, stopped.signal).then(() => {
    throw new Error('a thread that answers requests does not react')
  })
  try {
    await Promise.race([all(threads, (thread) => thread.call('stop', { graceMs })), late])
  } finally {
    late.catch(() => undefined)
    stopped.abort()
  }
}

/** The first finds out which port it is; the others take the same. */
async function listenWithAll(threads: readonly WorkerThread[], claim: PortClaim, clock: Clock): Promise<FrontListener> {
  const [first, ...others] = threads
  if (first === undefined) throw new Error('there are no threads')
  const stop = (graceMs: number): Promise<void> => stopAll(threads, graceMs, clock)
  const reload = async (): Promise<void> => {
    await all(threads, (thread) => thread.call('reload', null))
  }
  try {
    const { url, port } = await first.call('listen', { port: claim.port })
    await all(others, (thread) => thread.call('listen', { port }))
    return Object.freeze({ url, port, reload, stop })
  } catch (error) {
    await stop(0)
    throw error
  } finally {
    claim.release()
  }
}
