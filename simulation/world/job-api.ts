import { collectKind } from '../../src/features/collection/index.ts'
import type { EventActor } from '../../src/record/index.ts'
import type { Send } from './api.ts'
import { stepsName } from './job-ledger.ts'

/** Asking for work that a process does by itself. */
export function jobCalls(send: Send, actor: EventActor) {
  return {
    queueSteps: (steps: number) =>
      send({ operation: 'job.queue', keys: {}, run: ({ jobs }) => jobs.queue({ kind: stepsName, payload: { steps }, actor }) }),
    queueCollection: () =>
      send({ operation: 'job.queue', keys: {}, run: ({ jobs }) => jobs.queue({ kind: collectKind.name, payload: {}, actor }) }),
    cancelJob: (id: number) => send({ operation: 'job.cancel', keys: { job: id }, run: async ({ jobs }) => void (await jobs.cancel(id, actor)) }),
    createSchedule: (name: string, cron: string) =>
      send({
        operation: 'schedule.create',
        keys: {},
        run: async ({ schedules }) => {
          await schedules.create({ name, kind: stepsName, payload: { steps: 1 }, cron, timeZone: 'UTC', enabled: true }, actor)
        },
      }),
  }
}
