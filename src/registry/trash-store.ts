import { statement, type Refusal, type Statement, type Tx } from '../database/index.ts'

/** What was deleted and is kept for a while: a row says what, until when, and what has to be known to bring it back. */

export const trashKinds = ['tag', 'manifest', 'blob', 'repository', 'project'] as const
export type TrashKind = (typeof trashKinds)[number]

export interface TrashRow {
  readonly id: number
  readonly kind: TrashKind
  readonly namespace_id: number
  /** The present name of the project. */
  readonly project: string
  /** Null for a project. */
  readonly repository_id: number | null
  /** Of the repository as it is called now, if it is there, else as it was then; for a project its name. */
  readonly path: string
  /** Of a tag. */
  readonly tag: string | null
  /** Of a manifest or a blob; of a tag that of its manifest. */
  readonly digest: string | null
  /** Who decided that it goes: somebody, or a rule. */
  readonly cause: 'person' | 'rule'
  readonly deleted_at: number
  readonly deleted_by: string | null
  /** From when on the collector ends it, in ms since the epoch. */
  readonly purge_at: number
  /** JSON: `TrashDetail`. */
  readonly detail: string
}

export interface TrashDetail {
  /** Of a manifest: the tags that went with it, in byte order. */
  readonly tags?: readonly string[]
  /** Of a project: its state before it was deleted. */
  readonly state?: string
}

/** What is put into the trash. */
export interface Discarded {
  readonly kind: TrashKind
  readonly namespaceId: number
  readonly repositoryId?: number
  readonly path: string
  readonly tag?: string
  readonly digest?: string
  readonly detail?: TrashDetail
}

export interface OutOfTrash {
  readonly trash?: number
}

export interface Discarding {
  readonly cause: TrashRow['cause']
  readonly by: string | undefined
  /** Ms for which it can be brought back. */
  readonly retention: number
}

type InTrash = Pick<TrashRow, 'id' | 'purge_at'>

const insert = statement<{ id: number }>(`
  insert into trash (kind, namespace_id, repository_id, path, tag, digest, cause, deleted_at, deleted_by, purge_at, detail)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`)
const remove = statement('delete from trash where id = $1')
const removeOf = statement<{ id: number }>('delete from trash where repository_id = $1 and digest = $2 and kind = $3 returning id')
const removeAll = statement({
  sqlite: 'delete from trash where id in (select value from json_each($1))',
  postgres: 'delete from trash where id = any (array(select json_array_elements_text($1::json)::bigint))',
})
const found = statement<InTrash>('select id, purge_at from trash where repository_id = $1 and digest = $2 and kind = $3 limit 1')

const row = `
  select t.id as id, t.kind, t.namespace_id, n.name as project, t.repository_id, case when r.deleted_at is null then coalesce(r.path, t.path) else t.path end as path,
    t.tag, t.digest, t.cause, t.deleted_at, t.deleted_by, t.purge_at, t.detail
  from trash t join namespace n on n.id = t.namespace_id left join repository r on r.id = t.repository_id`

export const trashById = statement<TrashRow>(`${row} where t.id = $1`)

/** A project that is there, or is being deleted. */
export const namespaceByName = statement<{ id: number }>('select id from namespace where name = $1 and deleted_at is null')

// Repositories and projects end in steps of their own.
const isContent = `kind in ('tag', 'manifest', 'blob')`

/** Ids of the contents that are due, the longest due first. By the clock that the steps go by: see `dueKeys`. */
export const dueTrash = statement<{ id: number }>({
  sqlite: `select id from trash where purge_at <= $1 and ${isContent} order by purge_at, id limit $2`,
  postgres: `
    select id from trash
    where purge_at <= least($1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint) and ${isContent}
    order by purge_at, id limit $2`,
})
export const postponePurge = statement('update trash set purge_at = $2 where id = $1')

const pageOf = (place: string, kinds: readonly TrashKind[]): Statement<TrashRow> =>
  statement<TrashRow>({
    sqlite: `
      ${kinds.map((kind) => `${row} where t.${place} = $1 and t.kind = '${kind}' and t.id < $2`).join(' union all ')}
      order by id desc limit $3`,
    // It would read and sort all rows of the place: so a page of each kind, then of all.
    postgres: `
      ${row} where t.id = any (array(
        select p.id from (${kinds.map((kind) => `(select id from trash where ${place} = $1 and kind = '${kind}' and id < $2 order by id desc limit $3)`).join(' union all ')}) p
        order by p.id desc limit $3))
      order by id desc`,
  })
const pagesOf = (place: string) => ({
  any: pageOf(place, trashKinds),
  ...(Object.fromEntries(trashKinds.map((kind) => [kind, pageOf(place, [kind])])) as Record<TrashKind, Statement<TrashRow>>),
})

/** Pages of what is in the trash, the newest first, by its kind: from the one before `$2` on, at most `$3`. */
export const trashOfRepository = pagesOf('repository_id')
export const trashOfNamespace = pagesOf('namespace_id')

/** Puts it there and answers its number. The caller holds a lock on what it is, or has just removed it. */
export async function discard(tx: Tx, what: Discarded, { cause, by, retention }: Discarding): Promise<number> {
  const { kind, namespaceId, repositoryId = null, path, tag = null, digest = null, detail = {} } = what
  const until = tx.now + retention
  const values = [kind, namespaceId, repositoryId, path, tag, digest, cause, tx.now, by ?? null, until, JSON.stringify(detail)]
  const made = await tx.one(insert, ...values)
  if (made === undefined) throw new Error(`nothing was put into the trash for ${kind} of ${path}`)
  return made.id
}

/** Takes a row out. False when another one did it: of two that restore or purge the same, one does. */
export async function takeOut(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(remove, id)) > 0
}

/** Takes rows out whose manifests the caller has locked. */
export async function takeOutAll(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await tx.run(removeAll, JSON.stringify(ids))
}

/** Takes a manifest or a blob out that was pushed again. For the keys of the event: the number under which it was there. */
export async function takeOutOf(tx: Tx, repositoryId: number, digest: string, kind: 'manifest' | 'blob'): Promise<OutOfTrash> {
  const removed = await tx.one(removeOf, repositoryId, digest, kind)
  return removed === undefined ? {} : { trash: removed.id }
}

/** Under which number a manifest or a blob is in the trash, and until when. */
export async function findInTrash(tx: Tx, repositoryId: number, digest: string, kind: 'manifest' | 'blob'): Promise<InTrash | undefined> {
  return await tx.one(found, repositoryId, digest, kind)
}

const projectInTrash = statement<{ id: number }>(`select id from trash where namespace_id = $1 and kind = 'project'`)
// Nothing of a repository is deleted after itself.
const repositoryInTrash = statement<{ id: number }>(`
  select id from trash where repository_id = $1 and kind = 'repository' order by id desc limit 1`)

/** Why something cannot be brought back or purged by itself: what it lies in is in the trash, under this number. */
export async function placeInTrash(tx: Tx, { namespace_id, repository_id }: TrashRow): Promise<Refusal | undefined> {
  const project = await tx.one(projectInTrash, namespace_id)
  if (project !== undefined) return { refused: 'PROJECT_IN_TRASH', detail: { trash: project.id } }
  const repository = repository_id === null ? undefined : await tx.one(repositoryInTrash, repository_id)
  return repository && { refused: 'REPOSITORY_IN_TRASH', detail: { trash: repository.id } }
}

export function detailOf({ detail }: Pick<TrashRow, 'detail'>): TrashDetail {
  return JSON.parse(detail) as TrashDetail
}
