import { z } from 'zod'
import { type Caller, defineRoute, type Route } from '../../api/index.ts'
import type { Reads } from '../../database/index.ts'
import { type Job, type Jobs, jobStates } from '../../jobs/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import { standingHolds } from '../../registry/index.ts'
import { collectPayload, collectReport } from './collect-job-shapes.ts'
import { collectKind } from './collect-job.ts'
import { mostCounted, queueBegins } from './collection-store.ts'

export interface CollectionRoutesDeps {
  readonly database: Pick<Reads, 'all' | 'one'>
  readonly jobs: Jobs
  readonly clock: Clock
}

const time = z.string().describe('RFC 3339.')
const capped = `No more than ${mostCounted} are counted.`

const runShape = z
  .object({
    job: z.string().describe('The id of the job: `/jobs/{job}` has its progress.'),
    state: z.enum(jobStates),
    dryRun: z.boolean(),
    deleteUntagged: z.boolean(),
    finishedAt: time.optional(),
    report: collectReport.optional().describe('Once it is done.'),
  })
  .meta({ id: 'CollectionRun' })

const stateShape = z
  .object({
    due: z.int().describe(`Keys of the queue that the collector may look at now. ${capped}`),
    queued: z.int().describe(`All keys that it will look at, those whose time has not come among them. ${capped}`),
    oldestDueAt: time.optional().describe('When the first of them was or will be due.'),
    holds: z.array(z.object({ name: z.string(), reason: z.string(), until: time.optional() })).describe('Why nothing is deleted for now.'),
    lastRun: runShape.optional(),
  })
  .meta({ id: 'CollectionState' })

export function collectionRoutes(deps: CollectionRoutesDeps): readonly Route[] {
  const { jobs } = deps
  return [
    defineRoute({
      id: 'getCollection',
      method: 'GET',
      path: '/gc',
      summary: 'What garbage collection has before it, what holds it, and the last run that somebody asked for.',
      needs: 'job.read',
      status: 200,
      reply: stateShape,
      handle: async () => await stateNow(deps),
    }),
    defineRoute({
      id: 'startCollection',
      method: 'POST',
      path: '/gc',
      summary: 'Queues a run of garbage collection; one that has not ended is answered with instead.',
      needs: 'job.run',
      body: collectPayload,
      status: 201,
      reply: runShape,
      location: ({ job }) => `/jobs/${job}`,
      handle: async ({ caller, body }) => {
        const { id } = await jobs.queue({ kind: collectKind.name, payload: body, actor: actorOf(caller) })
        return shown((await jobs.find(id)) as Job)
      },
    }),
  ]
}

const actorOf = ({ identity, address }: Caller): EventActor => ({ identity, address })
const timeOf = (ms: number): string => new Date(ms).toISOString()

async function stateNow({ database, jobs, clock }: CollectionRoutesDeps): Promise<z.input<typeof stateShape>> {
  const now = clock.now()
  const queue = await database.all(queueBegins)
  const [first] = queue
  const holds = (await database.all(standingHolds, now)).map(({ name, reason, until }) => ({ name, reason, until: until === null ? undefined : timeOf(until) }))
  const [last] = await jobs.list({ kind: collectKind.name }, undefined, 1)
  return {
    due: queue.filter(({ due_at }) => due_at <= now).length,
    queued: queue.length,
    oldestDueAt: first && timeOf(first.due_at),
    holds,
    lastRun: last && shown(last),
  }
}

function shown({ id, state, payload, finishedAt, result }: Job): z.input<typeof runShape> {
  const asked = payload as { readonly dryRun?: unknown; readonly deleteUntagged?: unknown }
  const [dryRun, deleteUntagged] = [asked.dryRun === true, asked.deleteUntagged === true]
  // A report of another version of the program may have other members.
  const report = collectReport.safeParse(result)
  return { job: String(id), state, dryRun, deleteUntagged, finishedAt: finishedAt === undefined ? undefined : timeOf(finishedAt), report: report.success ? report.data : undefined }
}
