import { statement } from '../database/index.ts'

export interface OpenUploadRow {
  readonly owner: string
  readonly epoch: number
  readonly received: number
  readonly object_id: string | null
  /** Recorded when a closing PUT was about to give the object its final name, and did not come to its end. */
  readonly object_key: string | null
  readonly head: Uint8Array | null
  readonly state: 'open' | 'finished'
  readonly digest: string | null
}

/** Whether a session without a row was ended: the name that proves it was begun is good for longer. */
export const findEnded = statement<{ one: number }>(`
  select 1 as one from gc_queue q
  where q.kind = 'upload' and q.key = $1 and not exists (select 1 from upload u where u.id = $1)`)

/** A session of another repository or another actor is as unknown as one that never was. */
export const findUpload = statement<OpenUploadRow>(`
  select u.owner, u.epoch, u.received, u.object_id, o.key as object_key, u.head, u.state, u.digest
  from upload u join repository r on r.id = u.repository_id left join object o on o.id = u.object_id
  where u.id = $1 and r.path = $2 and r.deleted_at is null and coalesce(u.actor, '') = coalesce($3, '')`)

/** For whoever tells what was freed. */
export const uploadState = statement<{ state: 'open' | 'finished' }>('select state from upload where id = $1')
