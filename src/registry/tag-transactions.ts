import { statement, transaction, type Refusal, type Tx } from '../database/index.ts'
import type { Precondition } from '../oci/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { lockRepository } from './repository-store.ts'
import { tagEventUpTo } from './tag-list-store.ts'
import { moveTag, type TagMove } from './tag-store.ts'
import { findInTrash } from './trash-store.ts'

/** A manifest, or whatever the tag pointed at in a moment (ms since the epoch). */
export type RevertTarget = { readonly digest: string } | { readonly at: number }

export interface RevertTagInput {
  readonly repository: string
  /** Id of the project in which it was allowed; absent: in any. */
  readonly project?: number | undefined
  readonly tag: TagMove
  readonly to: RevertTarget
  readonly actor: EventActor
  readonly precondition?: Precondition | undefined
}

// Locked against its deletion: whoever deletes it comes before this, and then it is not found, or after it, and then finds the tag.
const lockManifest = statement<{ deleted_at: number | null; whole: number }>(`
  select m.deleted_at, case when exists (select 1 from content c where c.blob_id = m.blob_id) then 1 else 0 end as whole
  from manifest m where m.repository_id = $1 and m.digest = $2 for key share of m`)

/**
 * Points a tag at a manifest that the repository still has: one more move of it, with the rights that a push of that manifest by
 * that tag takes. Answers the digest.
 */
export const revertTag = transaction('revert tag', async (tx: Tx, input: RevertTagInput) => {
  const { tag, actor, precondition } = input
  const repository = await lockRepository(tx, input.repository, input.project)
  if ('refused' in repository) return repository
  const digest = 'digest' in input.to ? input.to.digest : (await tx.one(tagEventUpTo, repository.id, tag.name, input.to.at))?.to_digest
  if (digest === undefined || digest === null) return { refused: 'TAG_UNKNOWN_THEN', detail: { tag: tag.name } }
  const refusal =
    (await refusalOf(tx, repository.id, digest)) ??
    (await moveTag(tx, repository.id, tag, digest, { identity: actor.identity, precondition }))
  if (refusal !== undefined) return refusal
  return await record(tx, { kind: 'tag.revert', actor, repositoryId: repository.id, keys: { tags: [tag.name] } }, { digest })
})

/** Why a tag can't be pointed at a manifest. */
async function refusalOf(tx: Tx, repositoryId: number, digest: string): Promise<Refusal | undefined> {
  const manifest = await tx.one(lockManifest, repositoryId, digest)
  if (manifest === undefined) return { refused: 'MANIFEST_GONE', detail: { digest } }
  if (manifest.deleted_at !== null) {
    const kept = await findInTrash(tx, repositoryId, digest, 'manifest')
    return { refused: 'MANIFEST_IN_TRASH', detail: { digest, trash: kept?.id } }
  }
  return manifest.whole === 1 ? undefined : { refused: 'MANIFEST_GONE', detail: { digest } }
}
