import { hostname } from 'node:os'
import type { Config } from './config/index.ts'
import type { DataDirectory } from './database/index.ts'
import { createCollectJob } from './features/collection/index.ts'
import { createCheckJob, createScrubber, keepScrubbing } from './features/integrity/index.ts'
import { createRecorder, keepRecordingInTurn, type Recorder } from './features/recovery/index.ts'
import { createCountJob, keepUsage, storedMetric } from './features/usage/index.ts'
import { type AnyJobKind, createJobs, type JobState, keepScheduling, keepWorking } from './jobs/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createCounter, createGauge, type Logger, type Metric } from './observe/index.ts'
import { keepClearing } from './projects/index.ts'
import { createCollector, keepCollecting, type CollectorDeps } from './registry/index.ts'
import { createFilesystemSegments } from './storage/index.ts'

/** What goes on beside the requests. */
export interface Work {
  readonly metrics: readonly Metric[]
  /** Ends it; what is under way is given up where it can go on later. */
  end(): Promise<void>
}

export function startWork(config: Config, core: CollectorDeps, directory: Pick<DataDirectory, 'path' | 'lead'>, logger: Logger): Work {
  const { database, store } = core
  const common = { clock: systemClock, logger }
  const recorder = openRecorder(core, directory.path, logger)
  // First: it alone can fail, and then nothing is to go on.
  const endRecording = keepRecordingInTurn(recorder, () => directory.lead(), common)
  const collector = createCollector(core)
  const endCollection = keepCollecting(collector, { ...common, interval: config.gc.interval })
  const endClearing = keepClearing(database, { ...common, interval: config.gc.interval })
  const scrubbing = { ...common, database, store, ids: systemIds, rate: config.storage.scrub }
  const endScrubbing = config.storage.scrub === 0 ? undefined : keepScrubbing(createScrubber(scrubbing), scrubbing)
  const { at_once: atOnce, lease } = config.jobs
  const handlers = [createCheckJob(core), createCollectJob({ ...core, collector }), createCountJob({ ...common, database })]
  const kinds = handlers.map(({ kind }) => kind)
  const ended = endedMetric(kinds)
  const onEnd = (kind: string, state: JobState): void => ended.of(kind, state).add()
  const endJobs = keepWorking({ ...common, database, handlers, node: `${hostname()}:${process.pid}`, atOnce, lease, onEnd })
  const endSchedules = keepScheduling({ ...common, database, kinds })
  const endUsage = keepUsage({ ...common, database, jobs: createJobs({ database, kinds }), retention: config.usage.retention })
  return Object.freeze<Work>({
    metrics: [lagMetric(recorder), storedMetric(database), ended],
    end: async () => {
      await endUsage()
      await endSchedules()
      await endJobs()
      await endClearing()
      await endCollection()
      await endScrubbing?.()
      await endRecording()
    },
  })
}

function openRecorder({ database }: CollectorDeps, path: string, logger: Logger): Recorder {
  const onBroken = (reason: string): void => logger.warn('the recovery segments begin anew with a whole snapshot', { reason })
  const segments = createFilesystemSegments({ root: path })
  return createRecorder({ database, segments, clock: systemClock, onBroken })
}

/** Each series from the start, at 0: an alarm is to see the first failure. */
function endedMetric(kinds: readonly AnyJobKind[]) {
  const ended = createCounter('berth_jobs_ended_total', 'Jobs that have ended in this process, by kind and as what: done, failed or cancelled.', 'kind', 'state')
  for (const { name } of kinds) for (const state of ['done', 'failed', 'cancelled']) ended.of(name, state)
  return ended
}

function lagMetric(recorder: Recorder): Metric {
  return createGauge('berth_recovery_lag_seconds', 'Age of the newest change that is not in the recovery segments yet.', () => {
    const lag = recorder.lag()
    return lag === undefined ? undefined : lag / 1000
  })
}
