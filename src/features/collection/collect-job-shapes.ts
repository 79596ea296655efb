import { z } from 'zod'

/** What a `gc.run` is asked for. */
export const collectPayload = z.strictObject({
  dryRun: z.boolean().default(false).describe('Only says what would be freed.'),
  deleteUntagged: z
    .boolean()
    .default(false)
    .describe('Takes manifests that nothing names without waiting for gc.untagged, though not before gc.lease. Refused where that is off.'),
})

export type CollectPayload = z.output<typeof collectPayload>

const stored = z.object({
  blobs: z.int(),
  bytes: z.int().describe('Of each blob once, however many repositories have it.'),
  countedAt: z.string().describe('RFC 3339. They are counted once an hour: what was pushed since then is not in it.'),
})

const counted = z.int().min(0)

/** What a `gc.run` found and did. Of a dry run: what it would have done. */
export const collectReport = z
  .object({
    dryRun: z.boolean(),
    manifests: counted.describe('That no tag, index or subject has named for gc.untagged. Where there is a trash they go there.'),
    links: counted.describe('Blobs of single repositories that no manifest there refers to.'),
    blobs: counted.describe('Blobs that no repository has any more.'),
    objects: counted.describe('Files that were deleted.'),
    uploads: counted.describe('Unfinished uploads that nobody went on with.'),
    trash: counted.describe('Tags, manifests and blobs whose time in the trash was over.'),
    releasedBytes: counted.describe('Of those blobs. Their files are deleted by a later run, after gc.drain.'),
    freedBytes: counted.describe('Gone from the disk or the database.'),
    failed: counted.describe('Could not be looked at, and will be again ten minutes later; the log of the server says why.'),
    before: stored.describe('As it was counted last.'),
    after: stored.describe('The same without the blobs that this run took, or would have taken.'),
  })
  .meta({ id: 'CollectionReport' })

export type CollectReport = z.output<typeof collectReport>
export type Stored = z.output<typeof stored>
