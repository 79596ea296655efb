import { statement, type Refusal, type Tx } from '../database/index.ts'
import { versionKey } from '../lib/index.ts'
import { preconditionHolds, type Precondition } from '../oci/index.ts'
import { noteUnnamed } from './unnamed-store.ts'

/**
 * A tag that is to point at a manifest. Creating and moving a tag may need different rights; both were asked before, and the
 * transaction, which alone knows which of them it is, picks the answer.
 */
export interface TagMove {
  readonly name: string
  readonly mayCreate: boolean
  readonly mayMove: boolean
  /** Why not, for people. */
  readonly createRule?: string
  readonly moveRule?: string
}

/** Whether a tag may be deleted, as it was asked before. */
export interface TagDeletion {
  readonly name: string
  readonly mayDelete: boolean
  readonly rule: string
}

// The insert decides who creates the tag: of two that do it at once the second waits here and then moves it.
const create = statement(`
  insert into tag (repository_id, name, digest, created_at, updated_at, updated_by, version_key, size)
  values ($1, $2, $3, $4, $4, $5, $6, (select m.size from manifest m where m.repository_id = $1 and m.digest = $3))
  on conflict (repository_id, name) do nothing`)
const lock = statement<{ digest: string }>('select digest from tag where repository_id = $1 and name = $2 for update')
const move = statement(`
  update tag set digest = $3, updated_at = $4, updated_by = $5,
    size = (select m.size from manifest m where m.repository_id = $1 and m.digest = $3)
  where repository_id = $1 and name = $2`)
// The history of a tag never goes back in time, whatever clocks do and whichever of two transactions that waited for each other began first.
const moved = (later: string) => `
  insert into tag_event (repository_id, name, at, actor, from_digest, to_digest)
  values ($1, $2, ${later}($3, coalesce((
    select e.at from tag_event e where e.repository_id = $1 and e.name = $2 order by e.at desc, e.id desc limit 1), 0)), $4, $5, $6)`
const recordMove = statement({ sqlite: moved('max'), postgres: moved('greatest') })
const remove = statement<{ digest: string }>('delete from tag where repository_id = $1 and name = $2 returning digest')
const removeAll = statement<{ name: string }>('delete from tag where repository_id = $1 and digest = $2 returning name')

/** A tag can be deleted between the insert that found it and the lock: then the insert is tried again, so often. */
const attempts = 5

/**
 * Answers a refusal, or nothing when the tag points at `digest`. What is there is compared with the precondition where it can't
 * change any more: after the insert, or under the lock.
 */
export async function moveTag(
  tx: Tx,
  repositoryId: number,
  tag: TagMove,
  digest: string,
  { identity, precondition }: { readonly identity: string | undefined; readonly precondition: Precondition | undefined },
): Promise<Refusal | undefined> {
  const by = identity ?? null
  const refusal = (refused: string, rule?: string): Refusal => ({ refused, detail: { tag: tag.name, ...(rule && { rule }) } })
  for (let attempt = 0; attempt < attempts; attempt++) {
    if ((await tx.run(create, repositoryId, tag.name, digest, tx.now, by, versionKey(tag.name))) > 0) {
      if (!tag.mayCreate) return refusal('DENIED', tag.createRule)
      if (!preconditionHolds(precondition, undefined)) return refusal('PRECONDITION_FAILED')
      await tx.run(recordMove, repositoryId, tag.name, tx.now, by, null, digest)
      return undefined
    }
    const from = (await tx.one(lock, repositoryId, tag.name))?.digest
    if (from === undefined) continue
    if (from !== digest && !tag.mayMove) return refusal('DENIED', tag.moveRule)
    if (!preconditionHolds(precondition, from)) return refusal('PRECONDITION_FAILED')
    if (from === digest) return undefined
    await tx.run(move, repositoryId, tag.name, digest, tx.now, by)
    await tx.run(recordMove, repositoryId, tag.name, tx.now, by, from, digest)
    await noteUnnamed(tx, repositoryId, from)
    return undefined
  }
  return { refused: 'UNAVAILABLE' }
}

/** Removes one tag; answers the digest that it pointed at, or nothing when there was none. */
export async function removeTag(
  tx: Tx,
  repositoryId: number,
  name: string,
  identity: string | undefined,
): Promise<string | undefined> {
  const removed = await tx.one(remove, repositoryId, name)
  if (removed === undefined) return undefined
  await tx.run(recordMove, repositoryId, name, tx.now, identity ?? null, removed.digest, null)
  await noteUnnamed(tx, repositoryId, removed.digest)
  return removed.digest
}

/** Removes every tag of a manifest that is about to go itself; answers their names. */
export async function removeTagsOf(tx: Tx, repositoryId: number, digest: string, identity: string | undefined): Promise<string[]> {
  const names = (await tx.all(removeAll, repositoryId, digest)).map(({ name }) => name).sort()
  for (const name of names) await tx.run(recordMove, repositoryId, name, tx.now, identity ?? null, digest, null)
  return names
}
