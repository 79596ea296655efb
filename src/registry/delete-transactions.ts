import { statement, transaction, type Refusal, type Tx } from '../database/index.ts'
import { preconditionHolds, type Precondition } from '../oci/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { isReferenced, releaseBlob } from './link-store.ts'
import { linkKey, queueCollection, queueCollections } from './queue-store.ts'
import { lockRepository, type LockedRepository } from './repository-store.ts'
import { removeTag, removeTagsOf, type TagDeletion } from './tag-store.ts'
import { discard, type Discarded, type Discarding, type OutOfTrash } from './trash-store.ts'
import { noteChildren, noteGone } from './unnamed-store.ts'

export interface DeleteTagInput {
  readonly repository: string
  /** Id of the project in which it was allowed; absent: in any. */
  readonly project?: number | undefined
  readonly name: string
  readonly actor: EventActor
  readonly precondition?: Precondition | undefined
  readonly retention?: number | undefined
}

/** Deletes a tag. What it named stays. */
export const deleteTag = transaction('delete tag', async (tx: Tx, input: DeleteTagInput) => {
  const { name, actor } = input
  const repository = await lockRepository(tx, input.repository, input.project)
  if ('refused' in repository) return repository
  const digest = await removeTag(tx, repository.id, name, actor.identity)
  if (digest === undefined) return { refused: 'MANIFEST_UNKNOWN' }
  if (!preconditionHolds(input.precondition, digest)) return { refused: 'PRECONDITION_FAILED', detail: { tag: name } }
  const trash = await discardFor(tx, repository, { kind: 'tag', tag: name, digest }, input)
  const keys = { tags: [name], before: digest, after: null, ...trash }
  return await record(tx, { kind: 'tag.delete', actor, repositoryId: repository.id, keys }, null)
})

interface Deletion {
  readonly actor: EventActor
  /** How long it can be brought back, in ms. Absent or 0: it is gone at once. */
  readonly retention?: number | undefined
}

/** Keeps what somebody deleted, if it is to be kept. */
async function discardFor(
  tx: Tx,
  repository: LockedRepository,
  what: Pick<Discarded, 'kind' | 'tag' | 'digest' | 'detail'>,
  { actor, retention = 0 }: Deletion,
): Promise<OutOfTrash> {
  if (retention === 0) return {}
  return { trash: await discard(tx, { ...what, ...placeOf(repository) }, { cause: 'person', by: actor.identity, retention }) }
}

function placeOf({ id: repositoryId, namespaceId, path }: LockedRepository) {
  return { repositoryId, namespaceId, path }
}

// Its blob as well, which is queued below: the collector would otherwise see this manifest still hold it, and end the entry.
const lockManifest = statement<{ blob_id: number }>(`
  select m.blob_id from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.digest = $2 and m.deleted_at is null for update of m for key share of b`)
const lockChildLinks = statement<{ blob_id: number; digest: string }>(`
  select l.blob_id, b.digest from reference r
  join blob b on b.domain_id = $3 and b.digest = r.child_digest
  join link l on l.repository_id = r.repository_id and l.blob_id = b.id
  where r.repository_id = $1 and r.manifest_digest = $2
  order by b.digest for update of l`)
// In one statement, like the queueing: a manifest may have ten thousand children, and each statement is a round trip.
const leaseAll = statement({
  sqlite: `
    update link set lease_until = $3
    where repository_id = $1 and blob_id in (select value from json_each($2)) and lease_until < $3`,
  postgres: `
    update link set lease_until = $3
    where repository_id = $1 and blob_id = any (array(select json_array_elements_text($2::json)::bigint)) and lease_until < $3`,
})
const removeReferences = statement<{ child_digest: string }>(`
  delete from reference where repository_id = $1 and manifest_digest = $2 returning child_digest`)
const hideManifest = statement('update manifest set deleted_at = $3 where repository_id = $1 and digest = $2')
const removeManifest = statement('delete from manifest where repository_id = $1 and digest = $2')

export interface DeleteManifestInput {
  readonly repository: string
  readonly project?: number | undefined
  readonly digest: string
  readonly actor: EventActor
  /** How long the children stay for a push that counts on them, in ms. */
  readonly lease: number
  readonly retention?: number | undefined
  readonly precondition?: Precondition | undefined
  /** Whether the tags that point at it may be deleted, as far as they were known; absent: all of them may. */
  readonly tags?: readonly TagDeletion[]
}

/**
 * Deletes a manifest with its tags. In the trash it keeps its children. Else they get a fresh lease, so that a push that counted on them
 * still succeeds, and are left to the collector.
 */
export const deleteManifest = transaction('delete manifest', async (tx: Tx, input: DeleteManifestInput) => {
  const { digest, actor } = input
  const repository = await lockRepository(tx, input.repository, input.project)
  if ('refused' in repository) return repository
  const manifest = await tx.one(lockManifest, repository.id, digest)
  if (manifest === undefined) return { refused: 'MANIFEST_UNKNOWN' }
  if (!preconditionHolds(input.precondition, digest)) return { refused: 'PRECONDITION_FAILED', detail: { digest } }
  const tags = await removeTagsOf(tx, repository.id, digest, actor.identity)
  const refusal = refusalOfTags(tags, input.tags)
  if (refusal !== undefined) return refusal
  const event = { kind: 'manifest.delete', actor, repositoryId: repository.id }
  const { retention = 0 } = input
  if (retention > 0) {
    const what = { kind: 'manifest', ...placeOf(repository), digest, detail: { tags } } as const
    const trash = await discardManifest(tx, what, { cause: 'person', by: actor.identity, retention })
    return await record(tx, { ...event, keys: { digest, tags, before: 'live', after: 'trash', trash } }, null)
  }
  const children = await removeLockedManifest(tx, repository, { digest, blobId: manifest.blob_id }, tx.now + input.lease)
  return await record(tx, { ...event, keys: { digest, tags, children, before: 'live', after: null } }, null)
})

/** Hides a manifest without tags that the caller has locked. It keeps its references, and so its children. Answers its number in the trash. */
export async function discardManifest(tx: Tx, what: DiscardedManifest, how: Discarding): Promise<number> {
  await tx.run(hideManifest, what.repositoryId, what.digest, tx.now)
  return await discard(tx, what, how)
}

type DiscardedManifest = Discarded & { readonly kind: 'manifest'; readonly repositoryId: number; readonly digest: string }

/**
 * Removes a manifest without tags that the caller has locked, and its blob against the collector. Answers its children.
 * @param namedUntil until when it named its children and its referrers, in ms since the epoch: until now, unless nothing named itself
 */
export async function removeLockedManifest(
  tx: Tx,
  repository: { readonly id: number; readonly domainId: number },
  { digest, blobId }: { readonly digest: string; readonly blobId: number },
  leaseUntil: number,
  namedUntil: number = tx.now,
): Promise<string[]> {
  const links = await tx.all(lockChildLinks, repository.id, digest, repository.domainId)
  await leaveToCollector(tx, repository.id, [...new Set(links.map(({ blob_id }) => blob_id))], leaseUntil)
  const children = (await tx.all(removeReferences, repository.id, digest)).map(({ child_digest }) => child_digest)
  await tx.run(removeManifest, repository.id, digest)
  await noteChildren(tx, repository.id, children, namedUntil)
  await noteGone(tx, repository.id, digest, namedUntil)
  await queueCollection(tx, 'blob', blobId, tx.now)
  return children
}

/** A rule about a tag holds for every way to lose it. TAGS_CHANGED: one came that nobody was asked about. */
function refusalOfTags(names: readonly string[], asked: readonly TagDeletion[] | undefined): Refusal | undefined {
  if (asked === undefined) return undefined
  const answers = new Map(asked.map((answer) => [answer.name, answer]))
  for (const name of names) {
    const answer = answers.get(name)
    if (answer === undefined) return { refused: 'TAGS_CHANGED' }
    if (!answer.mayDelete) return { refused: 'DENIED', detail: { tag: name, rule: answer.rule } }
  }
  return undefined
}

async function leaveToCollector(tx: Tx, repositoryId: number, blobIds: readonly number[], leaseUntil: number): Promise<void> {
  await tx.run(leaseAll, repositoryId, JSON.stringify(blobIds), leaseUntil)
  await queueCollections(tx, 'link', blobIds.map((blobId) => linkKey(repositoryId, blobId)), leaseUntil)
}

const lockBlob = statement<{ id: number }>(`
  select id from blob where domain_id = $1 and digest = $2 for key share`)
const lockLink = statement<{ blob_id: number }>(`
  select blob_id from link where repository_id = $1 and blob_id = $2 and deleted_at is null for update`)
const hideLink = statement('update link set deleted_at = $3 where repository_id = $1 and blob_id = $2')

/**
 * Takes a blob out of one repository. In the trash, and while a manifest there refers to it, it is only hidden: a re-push brings it
 * back.
 */
export const deleteBlob = transaction(
  'delete blob',
  async (tx: Tx, input: Omit<DeleteManifestInput, 'lease'>) => {
    const repository = await lockRepository(tx, input.repository, input.project)
    if ('refused' in repository) return repository
    const blob = await tx.one(lockBlob, repository.domainId, input.digest)
    if (blob === undefined || (await tx.one(lockLink, repository.id, blob.id)) === undefined) return { refused: 'BLOB_UNKNOWN' }
    const { digest, actor } = input
    const trash = await discardFor(tx, repository, { kind: 'blob', digest }, input)
    const hidden = trash.trash !== undefined || (await isReferenced(tx, repository.id, digest))
    if (hidden) await tx.run(hideLink, repository.id, blob.id, tx.now)
    else await releaseBlob(tx, repository.id, blob.id)
    const keys = { digest, before: 'live', after: trash.trash === undefined ? null : 'trash', ...trash }
    return await record(tx, { kind: 'blob.delete', actor, repositoryId: repository.id, keys }, null)
  },
)
