import { JobFailure, type JobHandler, type JobKind, type JobRun } from '../../jobs/index.ts'
import type { Clock } from '../../lib/index.ts'
import { CollectionFailure, type Collector, type Freed, standingHolds } from '../../registry/index.ts'
import { type CollectPayload, collectPayload, type CollectReport, type Stored } from './collect-job-shapes.ts'
import { blobsAfter, blobsAtOnce, countedBlobs } from './collection-store.ts'
import { type PreviewDeps, type PreviewPlace, previewPage } from './preview.ts'

/** One run of the collector, beside the one that goes on all the time, so that somebody is told what it did. */
export const collectKind: JobKind<CollectPayload> = Object.freeze({
  name: 'gc.run',
  version: 1,
  payload: collectPayload,
  summary: 'Frees what nothing holds any more, and says how much that was; with {"dryRun":true} it only says what would go.',
  mostAttempts: 5,
  dedupeKey: ({ dryRun, deleteUntagged }: CollectPayload) => `${dryRun ? 'dry' : 'run'}${deleteUntagged ? ' with untagged' : ''}`,
})

export interface LookDeps extends PreviewDeps {
  readonly clock: Clock
}

export interface CollectJobDeps extends LookDeps {
  readonly collector: Collector
}

/** What is told while it goes on. */
export type Telling = Pick<JobRun<unknown>, 'signal' | 'position' | 'report' | 'log' | 'keep'>

/** What a run keeps for the next one. */
interface Kept {
  readonly before: Stored
  readonly sum: Sum
  /** Of a dry run: the moment that it is about, and where it is. */
  readonly now: number
  readonly place: PreviewPlace | null
}

type Sum = Pick<CollectReport, 'manifests' | 'links' | 'blobs' | 'objects' | 'uploads' | 'trash' | 'releasedBytes' | 'freedBytes' | 'failed'> & { readonly looked: number }

const nothing: Sum = Object.freeze({ manifests: 0, links: 0, blobs: 0, objects: 0, uploads: 0, trash: 0, releasedBytes: 0, freedBytes: 0, failed: 0, looked: 0 })
const counters = { manifest: 'manifests', link: 'links', blob: 'blobs', object: 'objects', upload: 'uploads', trash: 'trash' } as const

export function createCollectJob(deps: CollectJobDeps): JobHandler<CollectPayload> {
  return Object.freeze({ kind: collectKind, run: async (run: JobRun<CollectPayload>) => await (run.payload.dryRun ? wouldCollect : collectAndTell)(run, asAsked(deps, run.payload)) })
}

/**
 * With `deleteUntagged`, the same with a shorter time for manifests that nothing names.
 * @throws JobFailure `untagged-off`: whoever said that they stay for ever is not overruled by a run
 */
export function asAsked<Deps extends LookDeps>(deps: Deps, { deleteUntagged }: CollectPayload): Deps {
  if (!deleteUntagged) return deps
  if (deps.settings.untagged === undefined) throw new JobFailure('untagged-off', 'gc.untagged is off: manifests that nothing names are kept for ever', { final: true })
  return { ...deps, settings: { ...deps.settings, untagged: 0 } }
}

/** Changes nothing. */
export async function wouldCollect(run: Telling, deps: LookDeps): Promise<CollectReport> {
  const begun = await begin(run, deps)
  const { looked: _, ...sum } = await lookAtDue(run, begun, deps)
  return { dryRun: true, ...sum, before: begun.before, after: without(begun.before, sum) }
}

/** Collects until nothing is due. */
export async function collectAndTell(run: Telling, deps: CollectJobDeps): Promise<CollectReport> {
  const begun = await begin(run, deps)
  const { looked: _, ...sum } = await collectDue(run, begun, deps)
  return { dryRun: false, ...sum, before: begun.before, after: without(begun.before, sum) }
}

async function begin(run: Telling, { database, clock }: LookDeps): Promise<Kept> {
  for (const { name, reason } of await database.all(standingHolds, clock.now())) run.log(`nothing is deleted for now: ${name}: ${reason}`)
  if (run.position !== undefined) return run.position as Kept
  const begun: Kept = { before: await storedBefore({ database, clock }, run.signal), sum: nothing, now: clock.now(), place: null }
  run.keep(begun)
  return begun
}

const keysAtOnce = 200

/** Until nothing is due. What a run before this one has counted is not counted again: it is gone. */
async function collectDue(run: Telling, begun: Kept, { collector, settings }: CollectJobDeps): Promise<Sum> {
  let { sum } = begun
  for (;;) {
    run.signal.throwIfAborted()
    let looked = 0
    try {
      looked = await collector.collectDue(keysAtOnce, (freed) => (sum = counted(sum, freed)), settings.untagged)
      if (looked === 0) return sum
    } catch (error) {
      if (!(error instanceof CollectionFailure)) throw error
      sum = { ...sum, failed: sum.failed + error.keys }
      looked = error.keys
    }
    sum = { ...sum, looked: sum.looked + looked }
    tell(run, { ...begun, sum })
  }
}

async function lookAtDue(run: Telling, begun: Kept, deps: LookDeps): Promise<Sum> {
  let { sum, place } = begun
  for (;;) {
    run.signal.throwIfAborted()
    const { looked, freed, next } = await previewPage(deps, begun.now, place ?? undefined)
    sum = { ...freed.reduce(counted, sum), looked: sum.looked + looked }
    if (next === undefined) return sum
    place = next
    tell(run, { ...begun, sum, place })
  }
}

function tell({ report, keep }: Telling, kept: Kept): void {
  keep(kept)
  report({ done: kept.sum.looked, unit: 'keys', note: `${kept.sum.releasedBytes} bytes released` })
}

function counted(sum: Sum, { kind, released, freed }: Freed): Sum {
  const counter = counters[kind]
  return { ...sum, [counter]: sum[counter] + 1, releasedBytes: sum.releasedBytes + released, freedBytes: sum.freedBytes + freed }
}

/** What was pushed and collected between the count and the run was not counted: there is never less than nothing. */
function without({ blobs, bytes, countedAt }: Stored, sum: Pick<Sum, 'blobs' | 'releasedBytes'>): Stored {
  return { blobs: Math.max(0, blobs - sum.blobs), bytes: Math.max(0, bytes - sum.releasedBytes), countedAt }
}

/** As it was counted last: to count all of them for each run would cost as much as there is. */
async function storedBefore({ database, clock }: Pick<LookDeps, 'database' | 'clock'>, signal: AbortSignal): Promise<Stored> {
  const counted = await database.one(countedBlobs)
  if (counted !== undefined) return { blobs: counted.blobs, bytes: counted.bytes, countedAt: timeOf(counted.counted_at) }
  return { ...(await countNow(database, signal)), countedAt: timeOf(clock.now()) }
}

const timeOf = (ms: number): string => new Date(ms).toISOString()

/** For an installation in which nobody has counted yet: page by page, so that nobody waits for a sum of all. */
async function countNow(database: LookDeps['database'], signal: AbortSignal): Promise<Pick<Stored, 'blobs' | 'bytes'>> {
  let sum = { blobs: 0, bytes: 0 }
  for (let after = 0; ; ) {
    signal.throwIfAborted()
    const page = await database.all(blobsAfter, after)
    for (const { size } of page) sum = { blobs: sum.blobs + 1, bytes: sum.bytes + size }
    const last = page.at(-1)
    if (last === undefined || page.length < blobsAtOnce) return sum
    after = last.id
  }
}
