import { mounts } from '../oci/mounts.ts'
import type { Group } from './check.ts'

/** Everything that can be checked, in the order of the report. */
export const groups: readonly Group[] = [mounts]
