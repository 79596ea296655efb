import { statement, transaction, type Outcome, type Tx } from '../database/index.ts'
import { bumpRights, record, type Event } from '../record/index.ts'
import { removeLockedManifest } from './delete-transactions.ts'
import { linkKey, queueCollections } from './queue-store.ts'
import { removeTag } from './tag-store.ts'

/** `more`: ask again. `done`: nothing is left of it, and its name is free. `gone`: there is nothing to clear, or not yet. */
export type ClearStep = 'more' | 'done' | 'gone'

/** Children of the manifests that one step removes, unless a single one has more: a manifest of 4 MiB may have 30,000. */
const childrenAtOnce = 2_000
const manifestsAtOnce = 50
const linksAtOnce = 500
const tagsAtOnce = 200
const trashAtOnce = 500

// One step at a time: another process that clears the same project waits here.
const lockNamespace = statement<{ name: string; domain_id: number }>(`
  select name, domain_id from namespace where id = $1 and state = 'deleting' and deleted_at is null for update`)
const inTrash = statement<{ one: number }>(`select 1 as one from trash where namespace_id = $1 and kind = 'project'`)
const nextRepository = statement<{ id: number; path: string }>(`
  select id, path from repository where namespace_id = $1 and deleted_at is null order by path limit 1`)
const nextDeletedRepository = statement<{ id: number; path: string }>(`
  select r.id, r.path from trash t join repository r on r.id = t.repository_id where t.namespace_id = $1 order by t.kind, t.id limit 1`)
const nextTags = statement<{ name: string }>(`select name from tag where repository_id = $1 order by name limit ${tagsAtOnce}`)
const nextManifests = statement<{ digest: string; blob_id: number; children: number }>(`
  select m.digest, m.blob_id,
    (select count(*) from reference f where f.repository_id = m.repository_id and f.manifest_digest = m.digest) as children
  from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 order by m.digest limit ${manifestsAtOnce} for update of m for key share of b`)
const endLeases = statement<{ blob_id: number }>(`
  update link set lease_until = 0 where repository_id = $1 and blob_id in (
    select l.blob_id from link l where l.repository_id = $1 and l.lease_until > 0 order by l.blob_id limit ${linksAtOnce})
  returning blob_id`)
const clearTrash = statement<{ id: number }>(`
  delete from trash where id in (select id from trash where repository_id = $1 and id <> $2 order by kind, id limit ${trashAtOnce}) returning id`)
const clearBlobTrash = statement<{ id: number }>(`
  delete from trash where id in (select id from trash where repository_id = $1 and kind = 'blob' order by id limit ${trashAtOnce}) returning id`)
const endRepository = statement(`update repository set state = 'deleting', deleted_at = $2 where id = $1`)
const endNamespace = statement('update namespace set deleted_at = $2 where id = $1')
const removeGrants = statement('delete from access_grant where namespace_id = $1')
const removeTagRules = statement('delete from tag_rule where namespace_id = $1')
const removeAddressRules = statement('delete from address_rule where namespace_id = $1')

/**
 * Takes one step to remove what is in a project that is being deleted, and is not in the trash any more. Nobody can read or write in it;
 * manifests and tags go here, links and what they hold are left to the collector as after any deletion. Each step changes a bounded number
 * of rows and may be repeated, so a kill between two of them loses nothing. Rows of the project and its repositories stay, marked
 * as deleted: their ids are never given out again.
 */
export const clearProject = transaction('clear project', async (tx: Tx, input: { readonly project: number }): Promise<Outcome<ClearStep>> => {
  const namespace = await tx.one(lockNamespace, input.project)
  if (namespace === undefined || (await tx.one(inTrash, input.project)) !== undefined) return { ok: 'gone' }
  const present = await tx.one(nextRepository, input.project)
  // Those that were deleted before it, and would have been restored into it, are found by what is in the trash of them.
  const repository = present ?? (await tx.one(nextDeletedRepository, input.project))
  if (repository === undefined) return await endProject(tx, input.project, namespace.name)
  const step = await clearContent(tx, { id: repository.id, domainId: namespace.domain_id }, none)
  if (step !== 'empty') return step
  await tx.run(endRepository, repository.id, tx.now)
  return await note(tx, { kind: 'repository.delete', repositoryId: repository.id, keys: { repository: repository.path } })
})

/** The id of nothing. */
const none = 0

const lockDue = statement<{ repository_id: number }>(`
  select repository_id from trash where id = $1 and kind = 'repository' and purge_at <= $2 for update`)
const repositoryById = statement<{ id: number; path: string; domain_id: number }>(`
  select r.id, r.path, n.domain_id from repository r join namespace n on n.id = r.namespace_id where r.id = $1`)
const beginClearing = statement(`update repository set state = 'deleting' where id = $1 and state <> 'deleting'`)
const removeTrash = statement('delete from trash where id = $1')

/**
 * Takes one step to remove what is in a repository that is in the trash under this number, once its time has come: from the first one
 * on nobody can bring it back. As the steps of `clear project`; the row of the trash goes with the last one.
 */
export const clearRepository = transaction('clear repository', async (tx: Tx, input: { readonly trash: number }): Promise<Outcome<ClearStep>> => {
  const due = await tx.one(lockDue, input.trash, tx.now)
  const repository = due && (await tx.one(repositoryById, due.repository_id))
  if (repository === undefined) return { ok: 'gone' }
  await tx.run(beginClearing, repository.id)
  const step = await clearContent(tx, { id: repository.id, domainId: repository.domain_id }, input.trash)
  if (step !== 'empty') return step
  await tx.run(removeTrash, input.trash)
  const keys = { repository: repository.path, trash: input.trash }
  return await note(tx, { kind: 'repository.cleared', repositoryId: repository.id, keys }, 'done')
})

/** @param trash the one row of the trash that stays */
async function clearContent(tx: Tx, repository: { readonly id: number; readonly domainId: number }, trash: number): Promise<{ ok: ClearStep } | 'empty'> {
  const keys = (await clearTags(tx, repository.id)) ?? (await clearManifests(tx, repository)) ?? (await clearBlobs(tx, repository.id))
  if (keys === 'leases') return { ok: 'more' }
  if (keys !== undefined) return await note(tx, { kind: 'repository.clear', repositoryId: repository.id, keys })
  // Last, since what a deleted repository held is found by them.
  const rows = (await tx.all(clearTrash, repository.id, trash)).map(({ id }) => id)
  return rows.length === 0 ? 'empty' : await note(tx, { kind: 'repository.clear', repositoryId: repository.id, keys: { trash: rows } })
}

async function note(tx: Tx, event: Omit<Event, 'actor'>, step: ClearStep = 'more'): Promise<{ ok: ClearStep }> {
  return await record(tx, { ...event, actor: undefined }, step)
}

async function clearTags(tx: Tx, repositoryId: number) {
  const names = (await tx.all(nextTags, repositoryId)).map(({ name }) => name)
  for (const name of names) await removeTag(tx, repositoryId, name, undefined)
  return names.length === 0 ? undefined : { tags: names }
}

async function clearManifests(tx: Tx, repository: { readonly id: number; readonly domainId: number }) {
  const manifests = await tx.all(nextManifests, repository.id)
  if (manifests.length === 0) return undefined
  const removed: string[] = []
  let children = 0
  for (const { digest, blob_id: blobId, children: more } of manifests) {
    if (removed.length > 0 && children + more > childrenAtOnce) break
    children += more
    await removeLockedManifest(tx, repository, { digest, blobId }, tx.now)
    removed.push(digest)
  }
  return { manifests: removed }
}

/** Links that are not in the trash any more: the collector would wait for the end of that. */
async function clearBlobs(tx: Tx, repositoryId: number) {
  const rows = (await tx.all(clearBlobTrash, repositoryId)).map(({ id }) => id)
  return rows.length === 0 ? await clearLinks(tx, repositoryId) : { trash: rows }
}

/** The collector looks at every link at once, without waiting for the end of its lease. */
async function clearLinks(tx: Tx, repositoryId: number): Promise<'leases' | undefined> {
  const ended = await tx.all(endLeases, repositoryId)
  await queueCollections(tx, 'link', ended.map(({ blob_id }) => linkKey(repositoryId, blob_id)), tx.now)
  return ended.length === 0 ? undefined : 'leases'
}

/** Grants and rules name the project by an id that is never used again: they go only so that nobody has to wonder about them. */
async function endProject(tx: Tx, project: number, name: string): Promise<{ ok: ClearStep }> {
  for (const remove of [removeGrants, removeTagRules, removeAddressRules]) await tx.run(remove, project)
  await tx.run(endNamespace, project, tx.now)
  // Who looked at it meanwhile remembers that the name is of a project that goes, and would refuse a first push to it.
  await bumpRights(tx)
  return await note(tx, { kind: 'project.cleared', repositoryId: undefined, keys: { project, name } }, 'done')
}
