import type { DialectTypes } from './dialect-types.ts'

/**
 * The first schema. docs/design/data.md explains every table; comments here say only what a column's name does not.
 * Rows with `deleted_at` are trash: reads ignore them, the collector counts them as holders.
 */
export function foundation({ id, text, integer, bytes, eventOrder }: DialectTypes): string[] {
  return [
    `create table meta (name ${text} primary key, value ${text} not null)`,

    `create table domain (id ${id}, name ${text} not null unique)`,
    `create table namespace (
      id ${id}, domain_id ${integer} not null references domain, name ${text} not null,
      state ${text} not null default 'live' check (state in ('live', 'frozen', 'deleting')),
      created_at ${integer} not null, deleted_at ${integer})`,
    `create unique index namespace_by_name on namespace (name) where deleted_at is null`,
    `create table repository (
      id ${id}, namespace_id ${integer} not null references namespace, path ${text} not null,
      kind ${text} not null default 'hosted' check (kind in ('hosted', 'proxy', 'virtual')),
      format ${text} not null default 'oci',
      state ${text} not null default 'live' check (state in ('live', 'frozen', 'deleting')),
      created_at ${integer} not null, deleted_at ${integer})`,
    `create unique index repository_by_path on repository (path) where deleted_at is null`,
    `create index repository_by_namespace on repository (namespace_id, path)`,

    `create table store (id ${id}, name ${text} not null unique)`,
    `create table object (
      id ${text} primary key, store_id ${integer} not null references store, key ${text},
      encoding ${text} not null default 'identity', stored_size ${integer},
      state ${text} not null check (state in ('writing', 'live', 'damaged', 'doomed')), since ${integer} not null)`,
    `create table blob (
      id ${id}, domain_id ${integer} not null references domain, digest ${text} not null, size ${integer} not null,
      object_id ${text} references object, unique (domain_id, digest))`,
    `create index blob_by_object on blob (object_id) where object_id is not null`,
    `create table content (blob_id ${integer} primary key references blob, bytes ${bytes} not null)`,
    `create table link (
      repository_id ${integer} not null references repository, blob_id ${integer} not null references blob,
      lease_until ${integer} not null, deleted_at ${integer}, primary key (repository_id, blob_id))`,
    `create index link_by_blob on link (blob_id, repository_id)`,

    `create table manifest (
      repository_id ${integer} not null references repository, digest ${text} not null,
      blob_id ${integer} not null references blob, content_sha256 ${text} not null, media_type ${text} not null,
      artifact_type ${text}, subject_digest ${text}, annotations ${text} not null, pushed_at ${integer} not null,
      pushed_by ${text}, last_pulled_at ${integer}, deleted_at ${integer}, primary key (repository_id, digest))`,
    `create index manifest_by_blob on manifest (blob_id)`,
    `create index manifest_by_content on manifest (repository_id, content_sha256)`,
    `create index manifest_by_subject on manifest (repository_id, subject_digest, digest) where subject_digest is not null`,
    `create table reference (
      repository_id ${integer} not null, manifest_digest ${text} not null, child_digest ${text} not null,
      kind ${text} not null check (kind in ('layer', 'config', 'child')),
      primary key (repository_id, manifest_digest, child_digest, kind),
      foreign key (repository_id, manifest_digest) references manifest (repository_id, digest))`,
    `create index reference_by_child on reference (repository_id, child_digest)`,
    `create table tag (
      repository_id ${integer} not null, name ${text} not null, digest ${text} not null,
      created_at ${integer} not null, updated_at ${integer} not null, updated_by ${text},
      primary key (repository_id, name),
      foreign key (repository_id, digest) references manifest (repository_id, digest))`,
    `create index tag_by_digest on tag (repository_id, digest)`,
    `create table tag_event (
      id ${id}, repository_id ${integer} not null references repository, name ${text} not null, at ${integer} not null,
      actor ${text}, from_digest ${text}, to_digest ${text})`,
    `create index tag_event_by_name on tag_event (repository_id, name, id)`,

    // `received`: bytes acknowledged. `head`: they themselves, while they are few. `owner`: the process that may write on.
    `create table upload (
      id ${text} primary key, repository_id ${integer} not null references repository, actor ${text}, owner ${text} not null,
      epoch ${integer} not null, received ${integer} not null, object_id ${text} references object, head ${bytes},
      state ${text} not null check (state in ('open', 'finished')), digest ${text},
      started_at ${integer} not null, expires_at ${integer} not null)`,
    `create index upload_by_object on upload (object_id) where object_id is not null`,
    `create table upload_part (
      upload_id ${text} not null references upload, number ${integer} not null, etag ${text} not null,
      size ${integer} not null, primary key (upload_id, number))`,

    `create table gc_queue (
      kind ${text} not null check (kind in ('link', 'blob', 'object', 'upload')), key ${text} not null,
      due_at ${integer} not null, primary key (kind, key))`,
    `create index gc_queue_by_due on gc_queue (due_at, kind, key)`,

    // `keys`: JSON naming everything whose answer may change. `result`: what a repeated operation answers.
    `create table event (
      seq ${id}, operation_id ${text} not null unique, kind ${text} not null, at ${integer} not null, actor ${text},
      address ${text}, repository_id ${integer}, keys ${text} not null, result ${text} not null${eventOrder})`,
    `create table job (
      id ${id}, kind ${text} not null, dedupe_key ${text}, payload ${text} not null, state ${text} not null,
      attempt ${integer} not null default 0, run_at ${integer} not null, lease_owner ${text}, lease_until ${integer},
      progress ${text}, result ${text}, created_at ${integer} not null, finished_at ${integer})`,
    `create unique index job_by_dedupe on job (kind, dedupe_key) where finished_at is null`,
    `create index job_by_run on job (run_at, id) where finished_at is null`,
    `create table schedule (
      id ${id}, name ${text} not null unique, job_kind ${text} not null, payload ${text} not null, cron ${text} not null,
      time_zone ${text} not null, next_run_at ${integer})`,

    `insert into domain (name) values ('default')`,
    `insert into store (name) values ('main')`,
  ]
}
