import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import type { Schedule, Schedules } from '../../jobs/index.ts'
import type { EventActor } from '../../record/index.ts'

export interface ScheduleRoutesDeps {
  readonly schedules: Schedules
}

const name = z.string().regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, 'up to 64 lower-case letters and digits, with single ".", "_" or "-" between them').max(64)
const params = z.object({ schedule: name })
const changeable = {
  kind: z.string().max(100),
  payload: z.record(z.string(), z.unknown()).default({}),
  cron: z.string().max(204).describe('Five fields: minute, hour, day of month, month, day of week.'),
  timeZone: z.string().max(64).default('UTC').describe('Of the IANA, such as Europe/Berlin.'),
  enabled: z.boolean().default(true),
}

const scheduleShape = z
  .object({
    name: z.string(),
    kind: z.string().describe('Of the jobs that it queues.'),
    payload: z.record(z.string(), z.unknown()),
    cron: z.string(),
    timeZone: z.string(),
    enabled: z.boolean(),
    nextRunAt: z.string().optional().describe('RFC 3339. Absent while it is not enabled.'),
    lastRunAt: z.string().optional().describe('The time that was due when it queued a job last.'),
    createdBy: z.string().optional(),
    createdAt: z.string(),
  })
  .meta({ id: 'Schedule' })

export function scheduleRoutes(deps: ScheduleRoutesDeps): readonly Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)]
}

function readingRoutes({ schedules }: ScheduleRoutesDeps): Route[] {
  return [
    defineRoute({
      id: 'listSchedules',
      method: 'GET',
      path: '/schedules',
      summary: 'The schedules, by name.',
      needs: 'job.read',
      status: 200,
      reply: scheduleShape,
      list: true,
      handle: async ({ page: { limit, after = '' } }) => {
        const found = await schedules.list(after, limit + 1)
        const items = found.slice(0, limit).map(shown)
        return { items, next: found.length > limit ? items.at(-1)?.name : undefined }
      },
    }),
    defineRoute({
      id: 'getSchedule',
      method: 'GET',
      path: '/schedules/{schedule}',
      summary: 'A schedule.',
      needs: 'job.read',
      params,
      status: 200,
      reply: scheduleShape,
      handle: async ({ params: { schedule } }) => await current(schedules, schedule),
    }),
  ]
}

function changingRoutes({ schedules }: ScheduleRoutesDeps): Route[] {
  return [
    defineRoute({
      id: 'createSchedule',
      method: 'POST',
      path: '/schedules',
      summary: 'Makes a schedule, which queues a job whenever its time has come.',
      needs: 'job.run',
      body: z.object({ name, ...changeable }),
      status: 201,
      reply: scheduleShape,
      location: ({ name }) => `/schedules/${name}`,
      handle: async ({ caller, body }) => shown(await schedules.create(body, actorOf(caller))),
    }),
    defineRoute({
      id: 'replaceSchedule',
      method: 'PUT',
      path: '/schedules/{schedule}',
      summary: 'Puts another schedule in the place of one, under its name.',
      needs: 'job.run',
      params,
      body: z.object(changeable),
      status: 200,
      reply: scheduleShape,
      current: async ({ params: { schedule } }) => await current(schedules, schedule),
      handle: async ({ caller, params: { schedule }, body, matched }) =>
        shown(await schedules.change({ name: schedule, ...body }, actorOf(caller), await seen(schedules, schedule, matched))),
    }),
    defineRoute({
      id: 'deleteSchedule',
      method: 'DELETE',
      path: '/schedules/{schedule}',
      summary: 'Deletes a schedule. Jobs that it has queued stay.',
      needs: 'job.run',
      params,
      status: 204,
      current: async ({ params: { schedule } }) => await current(schedules, schedule),
      handle: async ({ caller, params: { schedule }, matched }) => await schedules.remove(schedule, actorOf(caller), await seen(schedules, schedule, matched)),
    }),
  ]
}

const actorOf = ({ identity, address }: Caller): EventActor => ({ identity, address })

async function current(schedules: Schedules, name: string): Promise<Shown> {
  const found = await schedules.find(name)
  if (found === undefined) throw new Problem('not-found')
  return shown(found)
}

/** The schedule that looks like what `If-Match` was compared with: the transaction looks whether it is the same still. */
async function seen(schedules: Schedules, name: string, matched: unknown): Promise<Schedule | undefined> {
  if (matched === undefined) return undefined
  const found = await schedules.find(name)
  if (found === undefined || !isDeepStrictEqual(shown(found), matched)) throw new Problem('precondition-failed')
  return found
}

type Shown = z.input<typeof scheduleShape>

const timeOf = (ms: number): string => new Date(ms).toISOString()

function shown({ name, kind, payload, cron, timeZone, enabled, nextRunAt, lastRunAt, createdBy, createdAt }: Schedule): Shown {
  return {
    name,
    kind,
    payload: payload as Record<string, unknown>,
    cron,
    timeZone,
    enabled,
    nextRunAt: enabled ? timeOf(nextRunAt) : undefined,
    lastRunAt: lastRunAt === undefined ? undefined : timeOf(lastRunAt),
    createdBy,
    createdAt: timeOf(createdAt),
  }
}
