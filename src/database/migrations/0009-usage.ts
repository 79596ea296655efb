import type { DialectTypes } from './dialect-types.ts'

/**
 * What is used, by UTC day. `dimension` says what a row is the sum of: `project` all of it, `repository` the one with the id `subject`,
 * `actor:account` and `actor:robot` whoever has that id, `actor:anonymous` and `actor:outside` everybody without one. No row says who
 * used which repository: rows would multiply, and nobody needs to know.
 *
 * Ids alone, and no foreign keys: a count outlives what it is of, and its row is never a reason to lock another.
 */
export function usage({ text, integer }: DialectTypes): string[] {
  return [
    `create table usage_day (
      namespace_id ${integer} not null, dimension ${text} not null, subject ${integer} not null, day ${integer} not null,
      pulls ${integer} not null, pulled_bytes ${integer} not null, pushes ${integer} not null, pushed_bytes ${integer} not null,
      primary key (namespace_id, dimension, subject, day))`,
    `create index usage_day_by_day on usage_day (day)`,
    // The last batch of each thread that counts: the same one, sent again after a lost reply, is not counted twice.
    `create table usage_writer (id ${text} primary key, batch ${integer} not null, at ${integer} not null)`,
    `create index usage_writer_by_time on usage_writer (at)`,
    // Bytes of a repository, or with `repository_id` 0 of a whole project, as they were at `counted_at`.
    `create table usage_stored (
      namespace_id ${integer} not null, repository_id ${integer} not null, logical ${integer} not null, deduplicated ${integer} not null,
      trash ${integer} not null, counted_at ${integer} not null, primary key (namespace_id, repository_id))`,
  ]
}
