import type { Database, Reads } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { RepositoryName } from '../../oci/index.ts'
import { runningAs, type RunningRow } from '../../registry/index.ts'
import { tallyManifest, tallyRepository, type Tally, type Yield } from './blob-tally.ts'
import { type Count, type DeletePlan, limits, none, nothing, type Neighbour, type Running, some, type Some } from './plan.ts'
import {
  childrenOf,
  countManifests,
  countTags,
  digestOfTag,
  indexesListing,
  livingManifest,
  livingRepository,
  referrersOf,
  runningInRepository,
  tagsOfManifest,
  type CountRow,
  type NeighbourRow,
} from './plan-store.ts'

/** What is to be deleted: a tag, a manifest, or without both the whole repository. */
export interface Target {
  readonly repository: RepositoryName
  /** Id of the project in which it was asked about. */
  readonly project: number
  readonly tag?: string | undefined
  readonly digest?: string | undefined
}

/** What the asker may know beside the repository. */
export interface Sight {
  /** What other repositories hold. */
  readonly everywhere: boolean
  /** The names of clusters. */
  readonly clusters: boolean
}

export interface PlanDeps {
  readonly database: Database
  readonly clock: Clock
}

/** Tells what a deletion would do, from one moment of the database; absent where there is nothing of that name. Nothing is changed. */
export type PlanDelete = (target: Target, sight: Sight) => Promise<DeletePlan | undefined>

interface Scene extends Sight {
  readonly reads: Reads
  readonly now: number
  readonly yieldTurn: Yield
  readonly repository: { readonly id: number; readonly domain_id: number }
}

export function createPlanDelete({ database, clock }: PlanDeps): PlanDelete {
  return async ({ repository: path, project, tag, digest }, sight) =>
    await database.snapshot(async (reads) => {
      const repository = await reads.one(livingRepository, path, project)
      if (repository === undefined) return undefined
      const scene: Scene = { ...sight, reads, now: clock.now(), yieldTurn: () => clock.sleep(0), repository }
      if (tag !== undefined) return await planTag(scene, tag)
      return digest === undefined ? await planRepository(scene) : await planManifest(scene, digest)
    })
}

const untouched: Tally = { frees: { ...nothing, complete: true, exact: true }, keeps: { repository: nothing, trash: nothing, elsewhere: nothing } }

/** The manifest stays: what else names it says for how long. */
async function planTag(scene: Scene, tag: string): Promise<DeletePlan | undefined> {
  const { reads, repository } = scene
  const digest = (await reads.one(digestOfTag, repository.id, tag))?.digest
  const manifest = digest === undefined ? undefined : await reads.one(livingManifest, repository.id, digest)
  if (digest === undefined || manifest === undefined) return undefined
  const tags = await tagsOf(scene, digest, tag)
  return {
    kind: 'tag',
    digest,
    tags: { count: 1, complete: true, first: [tag] },
    manifests: { count: 0, complete: true },
    named: { tags, ...(await namedBy(scene, digest, manifest.subject_digest)) },
    referrers: none,
    children: none,
    running: await runningOf(scene, digest),
    ...untouched,
  }
}

async function planManifest(scene: Scene, digest: string): Promise<DeletePlan | undefined> {
  const { reads, repository } = scene
  const manifest = await reads.one(livingManifest, repository.id, digest)
  if (manifest === undefined) return undefined
  return {
    kind: 'manifest',
    digest,
    tags: await tagsOf(scene, digest),
    manifests: { count: 1, complete: true },
    named: { tags: none, ...(await namedBy(scene, digest, manifest.subject_digest)) },
    referrers: neighbours(await reads.all(referrersOf, repository.id, digest, limits.names + 1)),
    children: neighbours(await reads.all(childrenOf, repository.id, digest, limits.names + 1)),
    running: await runningOf(scene, digest),
    ...(await tallyManifest(scene, repository, { digest, blob_id: manifest.blob_id })),
  }
}

async function planRepository(scene: Scene): Promise<DeletePlan> {
  const { reads, repository, now } = scene
  const tags = await reads.all(countTags, repository.id, limits.blobs + 1)
  const manifests = await reads.all(countManifests, repository.id, limits.blobs + 1)
  const running = await reads.all(runningInRepository, repository.id, limits.blobs, now, limits.names + 1)
  return {
    kind: 'repository',
    digest: undefined,
    tags: { ...counted(tags), first: [] },
    manifests: counted(manifests),
    named: { tags: none, indexes: none, subject: undefined },
    referrers: none,
    children: none,
    running: runningShown(scene, running, counted(manifests).complete),
    ...(await tallyRepository(scene, repository.id)),
  }
}

function counted([row]: readonly CountRow[]): Count {
  const { looked = 0, living = 0 } = row ?? {}
  return { count: Math.min(living, limits.blobs), complete: looked <= limits.blobs }
}

async function tagsOf({ reads, repository }: Scene, digest: string, but?: string): Promise<Some<string>> {
  const rows = await reads.all(tagsOfManifest, repository.id, digest, limits.names + 1)
  return some(rows.length, rows.map(({ name }) => name).filter((name) => name !== but).sort())
}

async function namedBy({ reads, repository }: Scene, digest: string, subject: string | null) {
  const indexes = neighbours(await reads.all(indexesListing, repository.id, digest, limits.names + 1))
  const here = subject === null ? undefined : await reads.one(livingManifest, repository.id, subject)
  return { indexes, subject: here === undefined || subject === null ? undefined : subject }
}

function neighbours(rows: readonly NeighbourRow[]): Some<Neighbour> {
  const found = rows.filter(({ living }) => living === 1).map(({ digest, artifact_type }) => ({ digest, artifactType: artifact_type ?? undefined }))
  return some(rows.length, found.sort((a, b) => (a.digest < b.digest ? -1 : 1)))
}

async function runningOf(scene: Scene, digest: string): Promise<Running> {
  const { reads, repository, now } = scene
  const { rows, complete } = await runningAs(reads, repository.id, digest, now, limits.names + 1)
  return runningShown(scene, rows, complete)
}

/** Each cluster once, with the newest time. */
function runningShown({ clusters }: Sight, rows: readonly RunningRow[], complete: boolean): Running {
  const seen = new Map<string, number>()
  for (const { cluster, seen_at } of rows) seen.set(cluster, Math.max(seen.get(cluster) ?? 0, seen_at))
  const byName = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([cluster, seenAt]) => ({ cluster, seenAt }))
  return {
    count: seen.size,
    complete: complete && rows.length <= limits.names,
    lastSeenAt: seen.size === 0 ? undefined : Math.max(...seen.values()),
    first: clusters ? byName.slice(0, limits.shown) : undefined,
  }
}
