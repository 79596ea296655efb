/** A process of its own that runs jobs until it is killed: `worker-process.ts PLACE NAME`. A step takes a moment. */
import { openPostgresDatabase, openSqliteDatabase, inlineWriter } from '../../src/database/index.ts'
import { keepWorking } from '../../src/jobs/index.ts'
import { jobTransactions, stepsHandler } from '../../src/jobs/test-jobs.testing.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { createLogger } from '../../src/observe/index.ts'

/** Ms of a lease in this test. */
export const lease = 1_500

export async function openJobs(place: string) {
  const common = { mustExist: false, clock: systemClock, ids: systemIds }
  if (place.startsWith('postgres')) return await openPostgresDatabase({ ...common, url: place, onIdleError: () => undefined })
  const onFatal = (error: Error): void => {
    throw error
  }
  return await openSqliteDatabase({ ...common, path: place, startWriter: () => inlineWriter(jobTransactions), onFatal })
}

if (import.meta.main) {
  const [place = '', node = ''] = process.argv.slice(2)
  const database = await openJobs(place)
  const handler = stepsHandler(database, async () => await systemClock.sleep(50))
  const end = keepWorking({ database, clock: systemClock, logger: createLogger({ level: 'silent' }), handlers: [handler], node, atOnce: 1, lease })
  process.on('SIGTERM', () => void end().then(() => database.close()).then(() => process.exit(0)))
}
