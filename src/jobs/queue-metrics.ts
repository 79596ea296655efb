import type { Database } from '../database/index.ts'
import type { Metric, Sample } from '../observe/index.ts'
import type { AnyJobKind } from './job-kind.ts'
import { firstDue, jobsInState } from './job-store.ts'

/** More of a kind and a state are counted as so many: a look costs the same however many wait. */
const mostCounted = 1_000

/** How the queue is, for each kind that this program knows: the same in every process of a database. */
export function queueMetrics(database: Pick<Database, 'all' | 'one' | 'now'>, kinds: readonly AnyJobKind[]): readonly Metric[] {
  return [
    gauge('berth_jobs', `Jobs that have not ended, by kind and state; ${mostCounted} stands for more as well.`, async () => {
      const samples: Sample[] = []
      for (const { name: kind } of kinds) {
        for (const state of ['queued', 'running'] as const) {
          const found = await database.all(jobsInState, kind, state, mostCounted)
          samples.push({ suffix: '', labels: [['kind', kind], ['state', state]], value: found.length })
        }
      }
      return samples
    }),
    gauge('berth_jobs_oldest_due_seconds', 'For how long the job of a kind that waits longest could have begun; 0 where none waits.', async () => {
      const samples: Sample[] = []
      const now = await database.now()
      for (const { name: kind } of kinds) {
        const due = (await database.one(firstDue, kind))?.due_at ?? now
        samples.push({ suffix: '', labels: [['kind', kind]], value: Math.max(now - due, 0) / 1000 })
      }
      return samples
    }),
  ]
}

function gauge(name: string, help: string, samples: () => Promise<Sample[]>): Metric {
  return Object.freeze<Metric>({ name, help, type: 'gauge', samples })
}
