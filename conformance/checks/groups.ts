import { blobPush } from '../oci/blob-push.ts'
import { blobPull } from '../oci/blob-pull.ts'
import { brokenBodies } from '../oci/broken-bodies.ts'
import { dataSetChecks } from '../oci/data-set-checks.ts'
import { deletes } from '../oci/deletes.ts'
import { extensions } from '../oci/extensions.ts'
import { legacyList } from '../oci/legacy-list.ts'
import { lists } from '../oci/lists.ts'
import { manifests } from '../oci/manifests.ts'
import { mounts } from '../oci/mounts.ts'
import { names, roots } from '../oci/names.ts'
import { referrers } from '../oci/referrers.ts'
import { severalRanges } from '../oci/several-ranges.ts'
import { uploads } from '../oci/uploads.ts'
import type { Group } from './check.ts'

/** Everything that can be checked, in the order of the report. */
export const groups: readonly Group[] = [
  roots, names, blobPull, severalRanges, blobPush, uploads, mounts, manifests, legacyList, dataSetChecks, lists, referrers, deletes,
  brokenBodies, extensions,
]
