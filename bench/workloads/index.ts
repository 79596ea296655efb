import { manifestGet } from './manifest-get.ts'
import { smallArtifacts } from './small-artifacts.ts'
import type { Workload } from './workload.ts'

export type { Goal, Load, Medians, Outcome, Workload } from './workload.ts'

/** In the order they are measured and shown. */
export const workloads: readonly Workload[] = [manifestGet, smallArtifacts]
