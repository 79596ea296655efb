import { statement, transaction, type Outcome, type Tx } from '../database/index.ts'
import { record } from '../record/index.ts'
import { discardManifest, removeLockedManifest } from './delete-transactions.ts'
import { isHeld } from './hold-store.ts'
import { isInUse } from './inventory-store.ts'
import { isReferenced } from './link-store.ts'
import { endUnnamed, lockUnnamed, moveUnnamed, noteReferrers } from './unnamed-store.ts'

/**
 * The rule about untagged manifests: what no tag, index, subject or cluster names, and none has named for a while, goes. Rows of
 * `unnamed_manifest` say where to look; everything is decided here, under the locks that pushers take.
 */

export interface CollectManifestInput {
  readonly repositoryId: number
  readonly digest: string
  /** How long nothing must have named it, in ms. */
  readonly unnamedFor: number
  /** How long its children stay for a push that counts on them, in ms. */
  readonly lease: number
  /** How long it can be brought back, in ms. Absent or 0: not at all. */
  readonly retention?: number | undefined
}

/** `held`: nothing is collected now. `gone`: there is nothing to look at. `kept`: something names it, or did not long ago. */
export type CollectedManifest = 'removed' | 'held' | 'gone' | 'kept'

interface PlaceRow {
  readonly domain_id: number
  readonly namespace_id: number
  readonly path: string
  readonly live: number
}

// What is archived, frozen or in the trash stays as it is.
const lockPlace = statement<PlaceRow>(`
  select n.domain_id, r.namespace_id, r.path, case when r.state = 'live' and r.deleted_at is null and n.state = 'live' and n.deleted_at is null then 1 else 0 end as live
  from repository r join namespace n on n.id = r.namespace_id where r.id = $1 for share of r, n`)
const lockManifest = statement<{ blob_id: number; subject_digest: string | null; deleted_at: number | null }>(`
  select m.blob_id, m.subject_digest, m.deleted_at from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.digest = $2 for update of m for key share of b`)
const manifestThere = statement<{ one: number }>('select 1 as one from manifest where repository_id = $1 and digest = $2')

export const collectManifest = transaction(
  'collect manifest',
  async (tx: Tx, input: CollectManifestInput): Promise<Outcome<CollectedManifest>> => {
    const { repositoryId, digest, unnamedFor, lease, retention = 0 } = input
    if (await isHeld(tx)) return { ok: 'held' }
    const place = await tx.one(lockPlace, repositoryId)
    // The manifest before its row, as a push takes them.
    const manifest = await tx.one(lockManifest, repositoryId, digest)
    const row = await lockUnnamed(tx, repositoryId, digest)
    if (row === undefined || place === undefined) return { ok: 'gone' }
    if (row.since > tx.now - unnamedFor) return { ok: 'kept' }
    if (manifest === undefined) return await leaveReferrers(tx, input, { since: row.since, after: row.referrers_after ?? '' })
    const until = place.live === 1 ? await namedUntil(tx, input, manifest.subject_digest) : tx.now
    if (until === 'now' || manifest.deleted_at !== null) {
      await endUnnamed(tx, repositoryId, digest)
      return { ok: 'kept' }
    }
    if (until > tx.now - unnamedFor) {
      await moveUnnamed(tx, repositoryId, digest, until)
      return { ok: 'kept' }
    }
    if (retention > 0) {
      await endUnnamed(tx, repositoryId, digest)
      const what = { kind: 'manifest', namespaceId: place.namespace_id, repositoryId, path: place.path, digest } as const
      const trash = await discardManifest(tx, what, { cause: 'rule', by: undefined, retention })
      const keys = { digest, before: 'live', after: 'trash', trash }
      return await record(tx, { kind: 'manifest.collect', actor: undefined, repositoryId, keys }, 'removed' as const)
    }
    const children = await removeLockedManifest(tx, { id: repositoryId, domainId: place.domain_id }, { digest, blobId: manifest.blob_id }, tx.now + lease, row.since)
    return await record(tx, { kind: 'manifest.collect', actor: undefined, repositoryId, keys: { digest, children } }, 'removed' as const)
  },
)

type ReferrersPlace = Parameters<typeof noteReferrers>[3]

/** Looks once more: it may have been pushed while its row was waited for. */
async function leaveReferrers(tx: Tx, { repositoryId, digest }: CollectManifestInput, place: ReferrersPlace): Promise<Outcome<CollectedManifest>> {
  if ((await tx.one(manifestThere, repositoryId, digest)) !== undefined) return { ok: 'kept' }
  await noteReferrers(tx, repositoryId, digest, place)
  return { ok: 'gone' }
}

const tagged = statement<{ one: number }>('select 1 as one from tag where repository_id = $1 and digest = $2 limit 1')
const lastTagged = statement<{ at: number | null }>(`
  select max(at) as at from tag_event where repository_id = $1 and from_digest = $2`)
const taggedInTrash = statement<{ one: number }>(`
  select 1 as one from trash where repository_id = $1 and digest = $2 and kind = 'tag' limit 1`)

/**
 * `now`: something names it, and whoever ends that notes it anew. Else the last moment at which something did, in ms since the epoch; for a
 * tag in the trash, and for what runs in a cluster, that is this one, so that it is asked again. Each is a second statement after the locks.
 */
async function namedUntil(tx: Tx, { repositoryId, digest }: CollectManifestInput, subject: string | null): Promise<number | 'now'> {
  if ((await tx.one(tagged, repositoryId, digest)) !== undefined) return 'now'
  // An index in the trash, which can be restored, still lists it; so does a subject there have its referrers.
  if (await isReferenced(tx, repositoryId, digest)) return 'now'
  if (subject !== null && (await tx.one(manifestThere, repositoryId, subject)) !== undefined) return 'now'
  if ((await tx.one(taggedInTrash, repositoryId, digest)) !== undefined) return tx.now
  if (await isInUse(tx, repositoryId, digest)) return tx.now
  return (await tx.one(lastTagged, repositoryId, digest))?.at ?? 0
}

/** The step for it failed: it is looked at ten minutes later, so that those behind it have their turn. */
export const putOffManifest = transaction('put off manifest', async (tx: Tx, input: Omit<CollectManifestInput, 'lease' | 'retention'>): Promise<Outcome<null>> => {
  await moveUnnamed(tx, input.repositoryId, input.digest, tx.now - input.unnamedFor + 600_000)
  return { ok: null }
})
