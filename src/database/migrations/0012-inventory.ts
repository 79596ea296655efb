import type { DialectTypes } from './dialect-types.ts'

/** What runs where, as clusters report it: the newest report of each, and until when it counts. */
export function inventory({ id, text, integer }: DialectTypes): string[] {
  return [
    `create table inventory_cluster (
      id ${id}, name ${text} not null unique, seen_at ${integer} not null, counts_until ${integer} not null,
      digests ${integer} not null default 0, reported_at ${integer} not null, reported_by ${text})`,
    `create index inventory_cluster_by_end on inventory_cluster (counts_until, id)`,
    // Whether they are here, or will be, makes no difference. Of a report that comes in parts those of the one before stay until its end.
    `create table inventory_digest (
      cluster_id ${integer} not null references inventory_cluster, digest ${text} not null, seen_at ${integer} not null,
      counts_until ${integer} not null, primary key (cluster_id, digest))`,
    `create index inventory_by_digest on inventory_digest (digest, counts_until)`,
  ]
}
