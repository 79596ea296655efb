function withoutId(column: string): string {
  return `case when jsonb_typeof(${column}::jsonb) = 'object' then ${column}::jsonb - 'id' - 'repository' else ${column}::jsonb end`
}

/**
 * All rows as one text, with digests and paths for ids, so that two runs can be compared. Left out are numbers from
 * sequences, and the order of rows that is only theirs.
 */
const rows = {
  namespace: 'select name, state, visibility, deleted_at from namespace order by name, deleted_at',
  namespace_alias: `
    select a.name, n.name as present from namespace_alias a join namespace n on n.id = a.namespace_id order by a.name`,
  repository: 'select path, state, deleted_at from repository order by path, deleted_at',
  object: 'select id, key, state, stored_size, since from object order by id',
  blob: `
    select b.digest, b.size, b.object_id, encode(c.bytes, 'escape') as content
    from blob b left join content c on c.blob_id = b.id order by b.digest`,
  link: `
    select r.path, b.digest, l.lease_until, l.deleted_at
    from link l join repository r on r.id = l.repository_id join blob b on b.id = l.blob_id order by r.path, b.digest, l.lease_until`,
  manifest: 'select digest, media_type, pushed_at, deleted_at from manifest order by digest, pushed_at',
  reference: 'select manifest_digest, child_digest, kind from reference order by manifest_digest, child_digest, kind',
  tag: 'select name, digest, updated_at from tag order by name, updated_at',
  trash: `
    select r.path, t.kind, t.tag, t.digest, t.cause, t.deleted_by, t.purge_at, t.detail from trash t
    left join repository r on r.id = t.repository_id order by t.kind, t.tag, t.digest, t.purge_at, t.id`,
  unnamed_manifest: 'select repository_id, digest, since, referrers_after from unnamed_manifest order by repository_id, digest',
  tag_event: 'select name, from_digest, to_digest from tag_event order by name, id',
  upload: 'select id, epoch, received, object_id, state, digest, expires_at from upload order by id',
  event: `
    select operation_id, kind, repository_id is null as nowhere, ${withoutId('keys')} as keys, ${withoutId('result')} as result
    from event order by operation_id`,
  rights: `select value from meta where name = 'rights'`,
  account: `
    select name, email, source, subject, password_hash, state, version, last_login_at, deleted_at from account order by name, deleted_at`,
  account_group: 'select name, source from account_group order by name',
  group_member: `
    select g.name, a.name as member from group_member m
    join account_group g on g.id = m.group_id join account a on a.id = m.account_id order by g.name, a.name, a.deleted_at`,
  robot: 'select name, description, state, version, last_used_at, deleted_at from robot order by name, deleted_at',
  robot_permission: `
    select r.name, p.permissions from robot_permission p join robot r on r.id = p.robot_id order by r.name, r.deleted_at, p.permissions`,
  robot_secret: 'select hash, expires_at from robot_secret order by hash',
  token: 'select hash, account_id, last_used_at from token order by hash',
  role: 'select name, permissions from role order by name',
  access_grant: `
    select n.name, g.prefix, g.exact, g.subject_kind, g.subject_id, g.role
    from access_grant g left join namespace n on n.id = g.namespace_id order by n.name, g.subject_kind, g.subject_id, g.role`,
  tag_rule: `
    select n.name, t.prefix, t.exact, t.pattern, t.permissions, t.roles
    from tag_rule t join namespace n on n.id = t.namespace_id order by n.name, t.pattern, t.roles`,
  address_rule: `
    select n.name, a.account_id, a.robot_id, a.permissions, a.networks
    from address_rule a left join namespace n on n.id = a.namespace_id order by n.name, a.account_id, a.robot_id, a.networks`,
  collection_hold: 'select name, until, reason from collection_hold order by name',
  signing_key: 'select id from signing_key order by id',
  job: `
    select kind, payload, dedupe_key, state, due_at, attempt, claim, node, cancel_requested, position, progress, lines, result, error_code,
      finished_at from job order by dedupe_key, state, claim, due_at`,
  schedule: 'select name, payload, cron, time_zone, enabled, next_run_at, last_run_at from schedule order by name',
  inventory_cluster: 'select name, seen_at, counts_until, digests from inventory_cluster order by name',
  inventory_digest: `
    select c.name, i.digest, i.seen_at, i.counts_until
    from inventory_digest i join inventory_cluster c on c.id = i.cluster_id order by c.name, i.digest`,
  job_line: 'select job_id, number, text from job_line order by job_id, number',
  last_pulled: 'select digest, last_pulled_at from manifest order by digest',
  usage_day: `
    select dimension, subject, day, pulls, pulled_bytes, pushes, pushed_bytes from usage_day order by namespace_id, dimension, subject, day`,
  usage_writer: 'select id, batch from usage_writer order by id',
  usage_stored: 'select repository_id, logical, deduplicated, trash, counted_at from usage_stored order by namespace_id, repository_id',
  gc_queue: `
    select q.kind, r.path, coalesce(b.digest, case when q.kind in ('object', 'upload') then q.key end) as key, q.due_at
    from gc_queue q
    left join repository r on q.kind = 'link' and r.id::text = split_part(q.key, ':', 1)
    left join blob b on q.kind in ('link', 'blob') and b.id::text = substring(q.key from '[0-9]+$')
    order by q.kind, 2, 3, q.due_at`,
}

export const finalState = `select json_build_object(
  ${Object.entries(rows).map(([name, query]) => `'${name}', (select json_agg(t) from (${query}) t)`).join(', ')})::text as state`
