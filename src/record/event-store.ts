import { statement } from '../database/index.ts'

/** The event table, as those read it who must not miss a row. */

export interface EventRow {
  readonly seq: number
  readonly operation_id: string
  readonly kind: string
  readonly repository_id: number | null
  readonly keys: string
}

const columns = 'seq, operation_id, kind, repository_id, keys'

export const eventsFrom = statement<EventRow>(`select ${columns} from event where seq > $1 order by seq limit $2`)
export const eventsAmong = statement<EventRow>({
  sqlite: `select ${columns} from event where seq in (select value from json_each($1)) order by seq`,
  postgres: `select ${columns} from event where seq = any (array(select json_array_elements_text($1::json)::bigint)) order by seq`,
})
export const eventAt = statement<{ operation_id: string }>('select operation_id from event where seq = $1')
/**
 * Where a reader begins that knows the present rows: on PostgreSQL far enough back that no transaction which took an earlier
 * number can still be running.
 */
export const startingEvent = statement<{ seq: number; operation_id: string }>({
  sqlite: 'select seq, operation_id from event where seq > 0 order by seq desc limit 1',
  postgres: `
    select seq, operation_id from event where seq <= (select max(seq) from event) - 10000 order by seq desc limit 1`,
})

/**
 * Every transaction before this one had ended in the moment that is being read. On SQLite sequence numbers are committed in their
 * order, so that no transaction is ever still to come.
 */
export const horizon = statement<{ oldest: number }>({
  sqlite: 'select 0 as oldest from (select 1) wanted',
  postgres: 'select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest',
})
/**
 * A transaction that is later than every one that has an id by now: the reader's own, which gets one by this. The upper end of the
 * moment's snapshot would not do: it comes after the last transaction that has *ended*, and below those that began after that one.
 */
export const youngest = statement<{ next: number }>({
  sqlite: 'select 0 as next from (select 1) wanted',
  postgres: 'select pg_current_xact_id()::text::bigint as next',
})
