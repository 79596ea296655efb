import type { Database } from '../../src/database/index.ts'
import { createCollectJob } from '../../src/features/collection/index.ts'
import { createJobs, createSchedules, keepScheduling, keepWorking, type AnyJobHandler, type Jobs, type Schedules } from '../../src/jobs/index.ts'
import { stepsHandler, stepsKind } from '../../src/jobs/test-jobs.testing.ts'
import type { Clock } from '../../src/lib/index.ts'
import { createLogger } from '../../src/observe/index.ts'
import { createRepositories, keepClearing, type Repositories } from '../../src/projects/index.ts'
import type { Collector, RegistrySettings } from '../../src/registry/index.ts'
import type { BlobStore } from '../../src/storage/index.ts'
import type { Faults } from './faults.ts'
import type { Life, Scheduler } from './scheduler.ts'

const minute = 60_000

/** For how long a job is a worker's without a heartbeat: a run of the simulation is hours long, so its leases are minutes. */
export const jobLease = 20 * minute

export interface Working {
  readonly jobs: Jobs
  readonly schedules: Schedules
  readonly repositories: Repositories
}

export interface WorkingDeps {
  readonly life: Life
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly database: Database
  readonly store: BlobStore
  readonly collector: Collector
  readonly settings: RegistrySettings
}

const jobsAtOnce = 2

/** The queue of jobs in one process, its workers, the schedules, and who clears repositories. They end with the life of the process, wherever they are. */
export function startWorking(deps: WorkingDeps): Working {
  const { life, database, settings } = deps
  const handlers = handlersOf(deps)
  const kinds = handlers.map(({ kind }) => kind)
  const clock = slowed(deps)
  const logger = createLogger({ level: 'silent' })
  keepWorking({ database, clock, logger, handlers, node: life.name, atOnce: jobsAtOnce, lease: jobLease })
  keepScheduling({ database, clock, logger, kinds })
  keepClearing(database, { interval: 1_000, clock, logger })
  return {
    jobs: createJobs({ database, kinds }),
    schedules: createSchedules({ database, kinds }),
    repositories: createRepositories(database, settings.retention),
  }
}

/** A collection that somebody asks for, and one that takes its time between steps of which each has to take effect once. */
function handlersOf(deps: WorkingDeps): AnyJobHandler[] {
  const { life, scheduler, faults, database } = deps
  // What is killed is no failure: a job may be taken as often as its workers die.
  const kind = { ...stepsKind, mostAttempts: 1_000 }
  const between = async (): Promise<void> => {
    const pause = faults.random.pick([0, 0, 1, 5, 25])
    if (pause > 0) await scheduler.sleep(life, pause * minute)
  }
  const steps = stepsHandler(database, between)
  return [createCollectJob({ ...deps, clock: scheduler.clock(life) }), { kind, run: steps.run }]
}

/**
 * Looks for work are a second apart, and a run of the simulation would be nothing else: here they are minutes apart, in whole ones, so that
 * processes meet.
 */
function slowed({ life, scheduler, faults }: WorkingDeps): Clock {
  const clock = scheduler.clock(life)
  return {
    ...clock,
    sleep: (ms, signal) => {
      if (ms >= minute) return clock.sleep(ms, signal)
      const pause = (faults.calm ? 30 : 2) * minute
      return clock.sleep(Math.ceil((clock.now() + 1) / pause) * pause - clock.now(), signal)
    },
  }
}
