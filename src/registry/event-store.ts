import { statement } from '../database/index.ts'

/** The event feed, as the memory of existence reads it. */

export const eventsAtOnce = 1_000

export const lastEvent = statement<{ seq: number }>('select coalesce(max(seq), 0) as seq from event')
export const eventsAfter = statement<{ seq: number; kind: string; repository_id: number | null }>(`
  select seq, kind, repository_id from event where seq > $1 order by seq limit ${eventsAtOnce}`)
