import { catalog } from './catalog.ts'
import { collection } from './collection.ts'
import { coldManifests } from './cold-manifests.ts'
import { crowdedRepository } from './crowded-repository.ts'
import { blobsOverTls, largeBlobs, middleBlob } from './blob-pull.ts'
import { deletions } from './deletions.ts'
import { fullRepository } from './full-repository.ts'
import { chunkedPushes, wholePushes } from './large-pushes.ts'
import { guardedLayers, guardedReads, tokens } from './guarded-reads.ts'
import { manifestByTag } from './manifest-by-tag.ts'
import { manifestGet } from './manifest-get.ts'
import { referrers } from './referrers.ts'
import { ranges } from './ranges.ts'
import { smallArtifacts } from './small-artifacts.ts'
import { slowCrowd } from './slow-crowd.ts'
import { smallBlob } from './small-blob.ts'
import { start } from './start.ts'
import { tagLists } from './tag-lists.ts'
import { trashPages } from './trash-pages.ts'
import type { Workload } from './workload.ts'

export type { Figure, Goal, Load, Medians, Outcome, Scale, Workload } from './workload.ts'

/** In the order they are measured and shown. */
export const workloads: readonly Workload[] = [
  manifestGet,
  manifestByTag,
  coldManifests,
  crowdedRepository,
  smallBlob,
  middleBlob,
  largeBlobs,
  ranges,
  blobsOverTls,
  wholePushes,
  chunkedPushes,
  smallArtifacts,
  tagLists,
  catalog,
  referrers,
  guardedReads,
  guardedLayers,
  tokens,
  slowCrowd,
  start,
  fullRepository,
  deletions,
  collection,
  trashPages,
]
