import type { DialectTypes } from './dialect-types.ts'

/**
 * Manifests that nothing may name any more, each with the last moment at which something did or it was pushed: where the rule about
 * untagged manifests looks, so that it never looks at all of them. A row says no more than that it is worth a look. Those that are there
 * already begin to be looked at with the time of the last event, since nobody wrote down when they lost what named them.
 */
export function untagged({ text, integer }: DialectTypes): string[] {
  return [
    `create table unnamed_manifest (
      repository_id ${integer} not null references repository, digest ${text} not null, since ${integer} not null,
      referrers_after ${text},
      primary key (repository_id, digest))`,
    `create index unnamed_manifest_by_since on unnamed_manifest (since, repository_id, digest)`,
    `create index tag_event_by_from on tag_event (repository_id, from_digest, at) where from_digest is not null`,
    `insert into unnamed_manifest (repository_id, digest, since)
      select m.repository_id, m.digest, coalesce((select e.at from event e order by e.seq desc limit 1), 0) from manifest m
      where m.deleted_at is null
      and not exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest)
      and not exists (select 1 from reference f where f.repository_id = m.repository_id and f.child_digest = m.digest)`,
  ]
}
