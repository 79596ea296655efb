import type { DialectTypes } from './dialect-types.ts'

/**
 * Work that outlives the process that does it, and when it begins by itself. Nothing has ever written the tables of the first schema
 * with these names.
 */
export function jobs({ id, text, integer }: DialectTypes): string[] {
  return [
    `drop table job`,
    `drop table schedule`,

    // `due_at`: from when on a worker may take it; of a running one the end of its lease. `claim`: the run that may write, none but that.
    // `position`: what the run has kept for the next one. `progress`, `result`: JSON.
    `create table job (
      id ${id}, kind ${text} not null, payload_version ${integer} not null, payload ${text} not null, dedupe_key ${text},
      state ${text} not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
      due_at ${integer} not null, attempt ${integer} not null default 0, most_attempts ${integer} not null,
      claim ${text}, node ${text}, cancel_requested ${integer} not null default 0, position ${text}, progress ${text},
      lines ${integer} not null default 0, result ${text}, error_code ${text}, error_message ${text}, schedule ${text},
      created_by ${text}, created_at ${integer} not null, started_at ${integer}, finished_at ${integer})`,
    `create unique index job_by_dedupe on job (kind, dedupe_key) where finished_at is null`,
    `create index job_by_due on job (kind, due_at, id) where finished_at is null`,
    `create index job_by_end on job (finished_at, id) where finished_at is not null`,
    `create index job_by_kind on job (kind, id)`,
    `create index job_by_state on job (state, id)`,
    `create index job_by_kind_and_state on job (kind, state, id)`,
    // The newest lines of its log; `number` counts all that there were.
    `create table job_line (
      job_id ${integer} not null references job, number ${integer} not null, at ${integer} not null, text ${text} not null,
      primary key (job_id, number))`,

    `create table schedule (
      id ${id}, name ${text} not null unique, kind ${text} not null, payload_version ${integer} not null, payload ${text} not null,
      cron ${text} not null, time_zone ${text} not null, enabled ${integer} not null default 1, next_run_at ${integer} not null,
      last_run_at ${integer}, created_by ${text}, created_at ${integer} not null)`,
    `create index schedule_by_next on schedule (next_run_at, id) where enabled = 1`,
  ]
}
