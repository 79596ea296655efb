import { largeBlobs, middleBlob } from './blob-pull.ts'
import { chunkedPushes, wholePushes } from './large-pushes.ts'
import { manifestByTag } from './manifest-by-tag.ts'
import { manifestGet } from './manifest-get.ts'
import { ranges } from './ranges.ts'
import { smallArtifacts } from './small-artifacts.ts'
import { smallBlob } from './small-blob.ts'
import type { Workload } from './workload.ts'

export type { Figure, Goal, Load, Medians, Outcome, Scale, Workload } from './workload.ts'

/** In the order they are measured and shown. */
export const workloads: readonly Workload[] = [
  manifestGet,
  manifestByTag,
  smallBlob,
  middleBlob,
  largeBlobs,
  ranges,
  wholePushes,
  chunkedPushes,
  smallArtifacts,
]
