import type { Database } from '../../database/index.ts'
import type { Metric, Sample } from '../../observe/index.ts'
import { lastCount } from './stored-store.ts'

/** What all projects store together, as of the last count: nothing before the first one. */
export function storedMetric(database: Pick<Database, 'one'>): Metric {
  return Object.freeze<Metric>({
    name: 'berth_stored_bytes',
    help: 'What all projects store, as it was counted last: logical, deduplicated within each project, and in the trash.',
    type: 'gauge',
    samples: async () => {
      const last = await database.one(lastCount)
      if (last === undefined) return []
      return (['logical', 'deduplicated', 'trash'] as const).map((kind): Sample => ({ suffix: '', labels: [['kind', kind]], value: last[kind] }))
    },
  })
}
