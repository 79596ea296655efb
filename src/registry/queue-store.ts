import { statement, type Tx } from '../database/index.ts'

/** What the collector looks at when its time comes. It only looks: whether anything is deleted is decided then, under locks. */
export type QueueKind = 'link' | 'blob' | 'object' | 'upload'

export interface DueKey {
  readonly kind: QueueKind
  readonly key: string
}

// By the clock that the steps go by: a node whose own clock is fast would find keys due that the steps then leave, for ever.
export const dueKeys = statement<DueKey>({
  sqlite: 'select kind, key from gc_queue where due_at <= $1 order by due_at, kind, key limit $2',
  postgres: `
    select kind, key from gc_queue
    where due_at <= least($1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
    order by due_at, kind, key limit $2`,
})

/** For whoever tells how much was freed. `object_id` is null where the bytes are in the database. */
export const blobSize = statement<{ size: number; object_id: string | null }>('select size, object_id from blob where id = $1')

const orForward = `
  on conflict (kind, key) do update
  set due_at = case when excluded.due_at < gc_queue.due_at then excluded.due_at else gc_queue.due_at end`
const enqueue = statement(`insert into gc_queue (kind, key, due_at) values ($1, $2, $3) ${orForward}`)
const enqueueAll = statement({
  sqlite: `insert into gc_queue (kind, key, due_at) select $1, value, $3 from json_each($2) where true ${orForward}`,
  postgres: `insert into gc_queue (kind, key, due_at) select $1, value, $3 from json_array_elements_text($2::json) ${orForward}`,
})
const postpone = statement('update gc_queue set due_at = $3 where kind = $1 and key = $2')
const dequeue = statement('delete from gc_queue where kind = $1 and key = $2')

/**
 * Queues a key, or moves it forward when it is queued for later. The caller holds a lock that the collector's step for this
 * key takes first; otherwise the step could remove the entry after having decided on an older state.
 */
export async function queueCollection(tx: Tx, kind: QueueKind, key: string | number, dueAt: number): Promise<void> {
  await tx.run(enqueue, kind, String(key), dueAt)
}

/** As `queueCollection` for many keys, each of them named once. */
export async function queueCollections(tx: Tx, kind: QueueKind, keys: readonly string[], dueAt: number): Promise<void> {
  if (keys.length > 0) await tx.run(enqueueAll, kind, JSON.stringify(keys), dueAt)
}

export async function postponeCollection(tx: Tx, kind: QueueKind, key: string | number, dueAt: number): Promise<void> {
  await tx.run(postpone, kind, String(key), dueAt)
}

export async function endCollection(tx: Tx, kind: QueueKind, key: string | number): Promise<void> {
  await tx.run(dequeue, kind, String(key))
}

export const linkKey = (repositoryId: number, blobId: number): string => `${repositoryId}:${blobId}`

export function readLinkKey(key: string): { readonly repositoryId: number; readonly blobId: number } {
  const [repositoryId, blobId] = key.split(':').map(Number) as [number, number]
  return { repositoryId, blobId }
}
