import { z } from 'zod'
import { type Caller, defineRoute, idAfter, Problem, type Route } from '../../api/index.ts'
import { type Activity, type Job, type JobLine, type Jobs, jobStates } from '../../jobs/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import { createFollowers } from './follow-job.ts'

export interface JobRoutesDeps {
  readonly jobs: Jobs
  readonly clock: Clock
  /** Aborted when the process is about to end. */
  readonly ending: AbortSignal
}

const params = z.object({ job: z.string().regex(/^[1-9]\d{0,14}$/) })
const time = z.string().describe('RFC 3339.')

const jobShape = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: z.enum(jobStates).describe('queued: waits for its time or for a worker; the last three are ends.'),
    waitsFor: z.string().optional().describe('Why it does not begin, or go on, though it could: no process works, others run, or it is of a kind or a version that this server does not know.'),
    payload: z.record(z.string(), z.unknown()),
    attempt: z.int().describe('Runs that were begun.'),
    mostAttempts: z.int(),
    dueAt: time.describe('When it may begin; of a running job when its worker is taken for dead unless it is heard of.'),
    node: z.string().optional().describe('The process that runs it.'),
    cancelRequested: z.boolean(),
    progress: z.object({ done: z.number(), total: z.number().optional(), unit: z.string(), note: z.string().optional() }).optional(),
    result: z.record(z.string(), z.unknown()).optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional().describe('Of the last run that failed.'),
    schedule: z.string().optional().describe('The schedule that queued it.'),
    createdBy: z.string().optional(),
    createdAt: time,
    startedAt: time.optional(),
    finishedAt: time.optional(),
  })
  .meta({ id: 'Job' })

const lineShape = z.object({ number: z.int(), at: time, text: z.string() }).meta({ id: 'JobLine' })
type Shown = z.input<typeof jobShape>
type Show = (job: Job) => Promise<Shown>

const kindShape = z.object({ name: z.string(), version: z.int(), summary: z.string() }).meta({ id: 'JobKind' })

export function jobRoutes(deps: JobRoutesDeps): readonly Route[] {
  const show: Show = async (job) => await showOnce(deps)(job)
  return [...readingRoutes(deps, show), followingRoute(deps, show), ...changingRoutes(deps, show)]
}

/** For one answer: what works is looked up once, however many of its jobs wait. */
function showOnce(deps: JobRoutesDeps): Show {
  let found: Promise<Activity> | undefined
  const activity = (): Promise<Activity> => (found ??= deps.jobs.activity())
  return async (job) => shown(job, await waitsFor(job, deps, activity))
}

function readingRoutes(deps: JobRoutesDeps, show: Show): Route[] {
  const { jobs } = deps
  return [
    defineRoute({
      id: 'listJobKinds',
      method: 'GET',
      path: '/job-kinds',
      summary: 'What can be asked for as a job.',
      needs: 'job.read',
      status: 200,
      reply: kindShape,
      list: true,
      handle: ({ page: { after = '', limit } }) => {
        const left = jobs.kinds.filter(({ name }) => name > after).toSorted((a, b) => (a.name < b.name ? -1 : 1))
        return Promise.resolve({ items: left.slice(0, limit), next: left.length > limit ? left[limit - 1]?.name : undefined })
      },
    }),
    defineRoute({
      id: 'listJobs',
      method: 'GET',
      path: '/jobs',
      summary: 'Jobs, the newest first.',
      needs: 'job.read',
      query: z.object({ kind: z.string().max(100).optional(), state: z.enum(jobStates).optional() }),
      status: 200,
      reply: jobShape,
      list: true,
      handle: async ({ query, page: { limit, after } }) => {
        const found = await jobs.list(query, idAfter(after), limit + 1)
        const items = await Promise.all(found.slice(0, limit).map(showOnce(deps)))
        return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
      },
    }),
    defineRoute({
      id: 'getJob',
      method: 'GET',
      path: '/jobs/{job}',
      summary: 'A job.',
      needs: 'job.read',
      params,
      status: 200,
      reply: jobShape,
      handle: async ({ params: { job } }) => await show(await foundJob(jobs, job)),
    }),
    defineRoute({
      id: 'getJobLog',
      method: 'GET',
      path: '/jobs/{job}/log',
      summary: 'The newest lines that a job has logged, in their order.',
      needs: 'job.read',
      params,
      query: z.object({ after: z.coerce.number().int().min(0).optional().describe('Only lines with a greater number.') }),
      status: 200,
      reply: lineShape,
      list: true,
      handle: async ({ params: { job }, query: { after: seen = 0 }, page: { limit, after } }) => {
        const { id } = await foundJob(jobs, job)
        const found = await jobs.lines(id, idAfter(after) ?? seen, limit + 1)
        const items = found.slice(0, limit).map(shownLine)
        return { items, next: found.length > limit ? String(items.at(-1)?.number) : undefined }
      },
    }),
  ]
}

function followingRoute(deps: JobRoutesDeps, show: Show): Route {
  const { jobs } = deps
  const followers = createFollowers(deps, { job: async (job) => jobShape.parse(await show(job)), line: shownLine })
  return defineRoute({
    id: 'followJob',
    method: 'GET',
    path: '/jobs/{job}/events',
    summary: 'How a job comes along, as server-sent events: `line` for each line of its log, `job` whenever it is another, `end` as the last one.',
    needs: 'job.read',
    params,
    status: 200,
    reply: jobShape,
    stream: true,
    handle: async ({ caller, params: { job }, lastEvent = 0, stillAllowed }) => {
      const { id } = await foundJob(jobs, job)
      return followers.follow({ id, after: lastEvent, who: caller.identity ?? caller.address, stillAllowed })
    },
  })
}

function changingRoutes({ jobs }: JobRoutesDeps, show: Show): Route[] {
  return [
    defineRoute({
      id: 'startJob',
      method: 'POST',
      path: '/jobs',
      summary: 'Queues a job; one like it that has not ended is answered with instead.',
      needs: 'job.run',
      body: z.object({ kind: z.string().max(100), payload: z.record(z.string(), z.unknown()).default({}) }),
      status: 201,
      reply: jobShape,
      location: ({ id }) => `/jobs/${id}`,
      handle: async ({ caller, body: { kind, payload } }) => {
        const { id } = await jobs.queue({ kind, payload, actor: actorOf(caller) })
        return await show(await foundJob(jobs, String(id)))
      },
    }),
    defineRoute({
      id: 'cancelJob',
      method: 'POST',
      path: '/jobs/{job}/cancel',
      summary: 'Ends a job that waits, and asks one that runs to end, which it does with the next sign of life of its worker.',
      needs: 'job.run',
      params,
      status: 200,
      reply: jobShape,
      handle: async ({ caller, params: { job } }) => {
        await jobs.cancel(Number(job), actorOf(caller))
        return await show(await foundJob(jobs, job))
      },
    }),
  ]
}

const actorOf = ({ identity, address }: Caller): EventActor => ({ identity, address })

async function foundJob(jobs: Jobs, id: string): Promise<Job> {
  const job = await jobs.find(Number(id))
  if (job === undefined) throw new Problem('not-found')
  return job
}

const timeOf = (ms: number): string => new Date(ms).toISOString()
const optionalTime = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : timeOf(ms))

function shown(job: Job, waiting: string | undefined): Shown {
  const { id, kind, state, payload, result, attempt, mostAttempts, node, cancelRequested, progress, error, schedule, createdBy } = job
  return {
    id: String(id),
    kind,
    state,
    waitsFor: waiting,
    payload: payload as Record<string, unknown>,
    attempt,
    mostAttempts,
    dueAt: timeOf(job.dueAt),
    node,
    cancelRequested,
    progress,
    result: result === undefined || result === null ? undefined : (result as Record<string, unknown>),
    error,
    schedule,
    createdBy,
    createdAt: timeOf(job.createdAt),
    startedAt: optionalTime(job.startedAt),
    finishedAt: optionalTime(job.finishedAt),
  }
}

/** Ms for which a job that could begin may wait without a word: so often a process looks for work whose database was away. */
const usualWait = 15_000

async function waitsFor(job: Job, { jobs, clock }: JobRoutesDeps, activity: () => Promise<Activity>): Promise<string | undefined> {
  const { kind, payloadVersion, dueAt, finishedAt } = job
  if (finishedAt !== undefined) return undefined
  const known = jobs.kinds.find(({ name }) => name === kind)
  if (known === undefined) return `a program that knows the kind ${kind}`
  if (payloadVersion > known.version) return `a program that knows version ${payloadVersion} of the kind ${kind}`
  // Most are not due for long by any clock: the database is asked about the others alone.
  if (clock.now() - dueAt < usualWait) return undefined
  const { now, running, lastEnd } = await activity()
  if (now - dueAt < usualWait) return undefined
  if (running > 0) return `its turn: ${running === 1 ? 'another job runs' : `${running} other jobs run`}`
  const last = lastEnd === undefined ? 'no job is known to have ended' : `the last job ended ${timeOf(lastEnd)}`
  return `a process that works: none has taken it since ${timeOf(dueAt)}, and ${last}`
}

function shownLine({ number, at, text }: JobLine): z.input<typeof lineShape> {
  return { number, at: timeOf(at), text }
}
