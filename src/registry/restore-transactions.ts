import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import type { Precondition } from '../oci/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { holdBlob } from './link-store.ts'
import { lockRepository, type LockedRepository } from './repository-store.ts'
import { moveTag } from './tag-store.ts'
import { detailOf, findInTrash, placeInTrash, takeOut, takeOutAll, trashById, type TrashRow } from './trash-store.ts'
import { noteUnnamed } from './unnamed-store.ts'

/** Whether a tag may be made, as it was asked before. */
export interface TagCreation {
  readonly name: string
  readonly mayCreate: boolean
  /** Why not, for people. */
  readonly rule: string
}

export interface RestoreTrashInput {
  readonly id: number
  /** Id of the project in which it was allowed; absent: in any. */
  readonly project?: number | undefined
  readonly actor: EventActor
  /** Of every tag that may come back; absent: all of them may be made. */
  readonly tags?: readonly TagCreation[]
  /** How long a blob stays that no manifest refers to, in ms. */
  readonly lease: number
}

export interface RestoredTrash {
  readonly tags: readonly string[]
  readonly leftOut: readonly { readonly tag: string; readonly reason: 'exists' | 'denied' }[]
  readonly manifests: readonly string[]
}

interface Restoring {
  readonly row: TrashRow
  readonly digest: string
  readonly repository: LockedRepository
  readonly input: RestoreTrashInput
}

const gone: Refusal = Object.freeze({ refused: 'TRASH_UNKNOWN' })

/**
 * Brings back what is in the trash. What it is is locked first, then the row of the trash is taken out, which one of two that do it at
 * once can do.
 */
export const restoreTrash = transaction('restore trash', async (tx: Tx, input: RestoreTrashInput): Promise<Outcome<RestoredTrash>> => {
  const row = await tx.one(trashById, input.id)
  if (row === undefined || row.digest === null) return gone
  const repository = await lockRepository(tx, row.path, input.project)
  if ('refused' in repository) return (await placeInTrash(tx, row)) ?? repository
  if (repository.id !== row.repository_id) return (await placeInTrash(tx, row)) ?? gone
  const restoring = { row, digest: row.digest, repository, input }
  switch (row.kind) {
    case 'tag':
      return await restoreTag(tx, restoring)
    case 'manifest':
      return await restoreManifest(tx, restoring)
    case 'blob':
      return await restoreBlob(tx, restoring)
    case 'repository':
    case 'project':
      return gone
  }
})

const lockTarget = statement<{ deleted_at: number | null }>(`
  select deleted_at from manifest where repository_id = $1 and digest = $2 for key share`)
const pointsAt = statement<{ digest: string }>('select digest from tag where repository_id = $1 and name = $2')

async function restoreTag(tx: Tx, restoring: Restoring): Promise<Outcome<RestoredTrash>> {
  const { row, digest, repository } = restoring
  const name = row.tag ?? ''
  const target = await tx.one(lockTarget, repository.id, digest)
  if (!(await takeOut(tx, row.id))) return gone
  if (target === undefined) return { refused: 'MANIFEST_UNKNOWN', detail: { digest } }
  if (target.deleted_at !== null) {
    const manifest = await findInTrash(tx, repository.id, digest, 'manifest')
    return { refused: 'MANIFEST_IN_TRASH', detail: { digest, trash: manifest?.id } }
  }
  const denial = denialOf(restoring, name)
  if (denial !== undefined) return { refused: 'DENIED', detail: { tag: name, rule: denial } }
  const refusal = await makeTag(tx, restoring, name)
  if (refusal?.refused === 'PRECONDITION_FAILED') {
    return { refused: 'TAG_EXISTS', detail: { tag: name, digest: (await tx.one(pointsAt, repository.id, name))?.digest } }
  }
  if (refusal !== undefined) return refusal
  return await note(tx, restoring, { tags: [name] }, { before: null, after: digest })
}

const absent: Precondition = Object.freeze({ match: undefined, noneMatch: 'any' })

/** Why the tag may not be made. */
function denialOf({ input }: Restoring, name: string): string | undefined {
  if (input.tags === undefined) return undefined
  const answer = input.tags.find((tag) => tag.name === name)
  if (answer === undefined) return 'nobody was asked about it'
  return answer.mayCreate ? undefined : answer.rule
}

async function makeTag(tx: Tx, { repository, digest, input }: Restoring, name: string): Promise<Refusal | undefined> {
  const conditions = { identity: input.actor.identity, precondition: absent }
  return await moveTag(tx, repository.id, { name, mayCreate: true, mayMove: true }, digest, conditions)
}

const lockHidden = statement<{ digest: string }>(`
  select digest from manifest where repository_id = $1 and digest = $2 and deleted_at is not null for update`)
const showManifests = statement({
  sqlite: 'update manifest set deleted_at = null where repository_id = $1 and digest in (select value from json_each($2))',
  postgres: `
    update manifest set deleted_at = null
    where repository_id = $1 and digest = any (array(select json_array_elements_text($2::json)))`,
})

async function restoreManifest(tx: Tx, restoring: Restoring): Promise<Outcome<RestoredTrash>> {
  const { row, digest, repository } = restoring
  const hidden = await tx.one(lockHidden, repository.id, digest)
  if (hidden === undefined || !(await takeOut(tx, row.id))) return gone
  const companions = await lockCompanions(tx, repository.id, digest)
  const manifests = companions.map((companion) => companion.digest)
  await tx.run(showManifests, repository.id, JSON.stringify([digest, ...manifests]))
  await takeOutAll(tx, companions.map(({ id }) => id))
  const tags: string[] = []
  const leftOut: { tag: string; reason: 'exists' | 'denied' }[] = []
  for (const tag of detailOf(row).tags ?? []) {
    const refusal = denialOf(restoring, tag) === undefined ? await makeTag(tx, restoring, tag) : { refused: 'DENIED' }
    if (refusal === undefined) tags.push(tag)
    else leftOut.push({ tag, reason: refusal.refused === 'DENIED' ? 'denied' : 'exists' })
  }
  if (tags.length === 0) await noteUnnamed(tx, repository.id, digest)
  const trash = companions.length === 0 ? row.id : [row.id, ...companions.map(({ id }) => id)]
  return await note(tx, restoring, { tags, leftOut, manifests }, { before: 'trash', after: 'live', trash })
}

// What a rule put there had nothing that named it: whatever names it again brings it back. What somebody deleted stays deleted.
const byRule = `
  trash t on t.repository_id = m.repository_id and t.digest = m.digest and t.kind = 'manifest' and t.cause = 'rule'
  where m.deleted_at is not null`
const inOrder = 'order by m.digest limit $3'
const ofLevel = '= any (array(select json_array_elements_text($2::json)))'
// SQLite's CROSS JOIN keeps the order of the tables: it would read all of the repository in the order of the answer.
const hiddenReferrers = statement<Companion>({
  sqlite: `
    select t.id, m.digest from json_each($2) wanted
    cross join manifest m on m.repository_id = $1 and m.subject_digest = wanted.value cross join ${byRule} ${inOrder}`,
  postgres: `
    select t.id, m.digest from manifest m join ${byRule} and m.repository_id = $1 and m.subject_digest ${ofLevel} ${inOrder} for update of m`,
})
const hiddenChildren = statement<Companion>({
  sqlite: `
    select t.id, m.digest from json_each($2) wanted
    cross join reference f on f.repository_id = $1 and f.manifest_digest = wanted.value
    cross join manifest m on m.repository_id = $1 and m.digest = f.child_digest cross join ${byRule} ${inOrder}`,
  postgres: `
    select t.id, m.digest from reference f join manifest m on m.repository_id = f.repository_id and m.digest = f.child_digest
    join ${byRule} and f.repository_id = $1 and f.manifest_digest ${ofLevel} ${inOrder} for update of m`,
})

interface Companion {
  /** Of its row in the trash. */
  readonly id: number
  readonly digest: string
}

/** More of them stay in the trash, where each can be restored. */
const mostCompanions = 10_000
/** A signature of a signature is the second. Each costs two statements, and pushers wait. */
const mostLevels = 100

/** Referrers and children that a rule put into the trash, and theirs: its children first, without which it cannot be pulled. */
async function lockCompanions(tx: Tx, repositoryId: number, digest: string): Promise<Companion[]> {
  const found = new Map<string, Companion>()
  for (const kinds of [[hiddenChildren], [hiddenReferrers, hiddenChildren]]) {
    let level = [digest, ...found.keys()]
    for (let depth = 0; depth < mostLevels && level.length > 0; depth++) {
      const next: string[] = []
      for (const rows of kinds) {
        for (const companion of await tx.all(rows, repositoryId, JSON.stringify(level), mostCompanions - found.size)) {
          if (companion.digest === digest || found.has(companion.digest)) continue
          found.set(companion.digest, companion)
          next.push(companion.digest)
        }
      }
      level = next
    }
  }
  return [...found.values()]
}

const lockBlob = statement<{ id: number }>('select id from blob where domain_id = $1 and digest = $2 for key share')
const lockHiddenLink = statement<{ blob_id: number }>(`
  select blob_id from link where repository_id = $1 and blob_id = $2 and deleted_at is not null for update`)

/** It gets a fresh lease: nothing may have referred to it when it was deleted. */
async function restoreBlob(tx: Tx, restoring: Restoring): Promise<Outcome<RestoredTrash>> {
  const { row, digest, repository, input } = restoring
  const blob = await tx.one(lockBlob, repository.domainId, digest)
  if (blob === undefined || (await tx.one(lockHiddenLink, repository.id, blob.id)) === undefined || !(await takeOut(tx, row.id))) return gone
  await holdBlob(tx, repository.id, { id: blob.id, digest }, tx.now + input.lease)
  return await note(tx, restoring, {}, { before: 'trash', after: 'live' })
}

async function note(
  tx: Tx,
  { row, digest, repository, input }: Restoring,
  { tags = [], leftOut = [], manifests = [] }: Partial<RestoredTrash>,
  change: { readonly before: string | null; readonly after: string; readonly trash?: number | readonly number[] },
): Promise<{ ok: RestoredTrash }> {
  const keys = { digest, tags, manifests, trash: row.id, ...change }
  const event = { kind: `${row.kind}.restore`, actor: input.actor, repositoryId: repository.id, keys }
  return await record(tx, event, { tags, leftOut, manifests })
}
