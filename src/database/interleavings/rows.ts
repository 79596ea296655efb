import { createHash } from 'node:crypto'

/** The moment at which every transaction runs, and the settings it runs with. */
export const now = 1_700_000_000_000
export const lease = 3_600_000
export const drain = 60_000
export const expiry = 7_200_000
const over = now - 1

export const actor = { identity: undefined, address: '127.0.0.1' }
/** Somebody of whom it was decided that they may while rights had the version that they have at first. */
export const decidedActor = { ...actor, decidedAt: 1 }
export const repository = 'team/app'
/** The same repository once its project is called `crew`. */
export const renamed = 'crew/app'
/** What a push may create. */
export const may = { repository: true, newProject: true }
export const layer = 'sha256:layer'
export const bytes = { manifest: encode('manifest'), other: encode('other'), index: encode('index'), plain: encode('plain') }
export const layerBytes = encode('0123456789')

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export const contentSha256 = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** Ids of the rows that exist from the start. */
export const ids = { team: 1, app: 1, base: 2, layer: 1, manifest: 2, other: 3, index: 4 }

/** Of what is in the trash at the start: the one that an operation is about, and one that goes with it. */
export const trashIds = { one: 11, companion: 12 } as const

export const accessIds = {
  admins: [1, 2],
  alice: 3,
  operators: 'operators',
  robot: 'ci',
  token: 1,
  releaser: 'releaser',
  grant: 3,
  tagRule: 1,
  addressRule: 1,
} as const

/** In reverse order of the foreign keys. */
const tables = [
  'inventory_digest', 'inventory_cluster', 'usage_day', 'usage_writer', 'usage_stored', 'job_line', 'job', 'schedule', 'unnamed_manifest', 'trash', 'tag', 'tag_event', 'reference', 'manifest', 'link', 'content', 'upload_part', 'upload', 'blob', 'object', 'gc_queue', 'collection_hold',
  'event',
  'signing_key', 'address_rule', 'tag_rule', 'access_grant', 'role', 'robot_secret', 'robot_permission', 'robot', 'token', 'group_member',
  'account_group', 'account', 'repository', 'namespace_alias', 'namespace',
]

/** Leaves nothing of earlier rows, not even the room that they took. */
export const empty = `truncate ${tables.join(', ')}`

export const clear = tables
  .map((table) => `delete from ${table}`)
  .concat(`update meta set value = '1' where name = 'rights'`)
  .join('; ')

const namespace = `insert into namespace (id, domain_id, name, created_at) values (1, 1, 'team', 0)`
const repositoryRow = (id: number, path: string): string =>
  `insert into repository (id, namespace_id, path, created_at) values (${id}, 1, '${path}', 0)`

/**
 * Two sessions whose bytes are written, and which expired while they were; of the first one the object can be known to the
 * row or not yet. And an object that nothing needs any more.
 */
const uploads = (acknowledged: boolean): string => `
  insert into object (id, store_id, state, since) values
    ('first', 1, 'writing', 0), ('second', 1, 'writing', 0), ('old', 1, 'doomed', 0);
  insert into upload (id, repository_id, owner, epoch, received, object_id, head, state, started_at, expires_at) values
    ('first', 1, 'here', 1, 10, ${acknowledged ? "'first', null" : "null, '0123456789'"}, 'open', 0, ${over}),
    ('second', 1, 'here', 1, 10, 'second', null, 'open', 0, ${over});
  insert into gc_queue (kind, key, due_at) values
    ('upload', 'first', ${over}), ('upload', 'second', ${over}),
    ('object', 'first', ${over}), ('object', 'second', ${over}), ('object', 'old', ${over})`

const layerIs = (state: 'live' | 'damaged'): string => `
  insert into object (id, store_id, key, state, stored_size, since) values ('present', 1, 'blobs/present', '${state}', 10, 0);
  insert into blob (id, domain_id, digest, size, object_id) values (1, 1, '${layer}', 10, 'present')`

const linked = (repository: number, until: number, hidden = false): string => `
  insert into link (repository_id, blob_id, lease_until, deleted_at)
  values (${repository}, 1, ${until}, ${hidden ? over : 'null'})`

const queued = (kind: string, key: string, due = over): string =>
  `insert into gc_queue (kind, key, due_at) values ('${kind}', '${key}', ${due})`

const manifestBlob = (id: number, name: keyof typeof bytes): string => `
  insert into blob (id, domain_id, digest, size) values (${id}, 1, 'sha256:${name}', ${bytes[name].length});
  insert into content (blob_id, bytes) values (${id}, '${new TextDecoder().decode(bytes[name])}')`

const manifest = (id: number, name: keyof typeof bytes, child: string, kind: string, awaited = 0): string => `
  ${manifestBlob(id, name)};
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at) values
    (1, 'sha256:${name}', ${id}, '${contentSha256(bytes[name])}', 'a/manifest', '{}', 0);
  insert into reference (repository_id, manifest_digest, child_digest, kind, awaited)
  values (1, 'sha256:${name}', '${child}', '${kind}', ${awaited})`

const tagged = (name: keyof typeof bytes): string => `
  insert into tag (repository_id, name, digest, created_at, updated_at) values (1, 'v1', 'sha256:${name}', 0, 0);
  insert into tag_event (repository_id, name, at, to_digest) values (1, 'v1', 0, 'sha256:${name}')`

/** Nothing has named it for as long as anybody can remember. */
const unnamed = (name: keyof typeof bytes): string => `insert into unnamed_manifest (repository_id, digest, since) values (1, 'sha256:${name}', 0)`

interface InTrash {
  readonly kind: 'tag' | 'manifest' | 'blob'
  readonly tag?: string
  readonly digest: string
  readonly id?: number
  readonly cause?: string
  readonly detail?: string
}

/** Due, so that the collector may end it. */
const inTrash = ({ kind, tag, digest, id = trashIds.one, cause = 'person', detail = '{}' }: InTrash): string => `
  insert into trash (id, kind, namespace_id, repository_id, path, tag, digest, cause, deleted_at, purge_at, detail) values
    (${id}, '${kind}', 1, 1, '${repository}', ${tag === undefined ? 'null' : `'${tag}'`}, '${digest}', '${cause}', 0, ${over}, '${detail}')`

const oldTag = inTrash({ kind: 'tag', tag: 'old', digest: 'sha256:manifest' })
const hiddenManifest = [
  inTrash({ kind: 'manifest', digest: 'sha256:manifest', detail: '{"tags":["v1"]}' }),
  `update manifest set deleted_at = 0 where digest = 'sha256:manifest'`,
]

/** Two administrators, and alice, who may read, is an operator and has a token; a robot. Nobody has the role that people made. */
const rights = `
  insert into account (id, name, password_hash, created_at) values (1, 'root', 'hash', 0), (2, 'carol', 'hash', 0), (3, 'alice', 'hash', 0);
  insert into account_group (id, name, created_at) values (1, 'operators', 0);
  insert into group_member (group_id, account_id) values (1, 3);
  insert into robot (id, namespace_id, name, created_at) values (1, 1, 'ci', 0);
  insert into robot_permission (robot_id, namespace_id, prefix, exact, permissions) values (1, 1, '', 0, '["content.pull"]');
  insert into robot_secret (robot_id, hash, created_at) values (1, 'ci', 0);
  insert into token (id, account_id, kind, name, hash, created_at) values (1, 3, 'personal', 'desktop', 'desktop', 0);
  insert into role (name, permissions, created_at) values ('releaser', '["tag.move"]', 0);
  insert into access_grant (id, namespace_id, prefix, exact, subject_kind, subject_id, role, created_at) values
    (1, null, '', 0, 'account', 1, 'admin', 0), (2, null, '', 0, 'account', 2, 'admin', 0),
    (3, 1, '', 0, 'account', 3, 'guest', 0);
  insert into tag_rule (id, namespace_id, prefix, exact, pattern, permissions, roles, created_at)
  values (1, 1, '', 0, 'v*', '["tag.move"]', '["maintainer"]', 0);
  insert into address_rule (id, namespace_id, networks, created_at) values (1, 1, '10.0.0.0/8', 0)`

/** A job that waits, one that is run, one whose worker is gone, and one that ended long ago. And a schedule whose time has come. */
const jobs = `
  insert into job (id, kind, payload_version, payload, dedupe_key, state, due_at, attempt, most_attempts, claim, created_at, finished_at) values
    (1, 'test', 1, '{}', 'waits', 'queued', ${over}, 0, 3, null, 0, null),
    (2, 'test', 1, '{}', 'runs', 'running', ${now + lease}, 1, 3, 'runs', 0, null),
    (3, 'test', 1, '{}', 'lost', 'running', ${over}, 1, 3, 'lost', 0, null),
    (4, 'test', 1, '{}', 'ended', 'done', 0, 1, 3, null, 0, 1);
  insert into job_line (job_id, number, at, text) values (4, 1, 0, 'a line');
  insert into schedule (id, name, kind, payload_version, payload, cron, time_zone, next_run_at, created_at)
  values (1, 'nightly', 'test', 1, '{}', '0 2 * * *', 'UTC', ${over}, 0)`

/** Number 1 of the trash, whose time has come: it can still be brought back until somebody looks at it. */
const discarded = (kind: string, repository: string, path: string): string => `
  insert into trash (id, kind, namespace_id, repository_id, path, cause, deleted_at, purge_at, detail)
  values (1, '${kind}', 1, ${repository}, '${path}', 'person', 0, ${over}, '{"state":"live"}')`

const today = Math.floor(now / 86_400_000)

/** What was used today and long ago, by a thread that goes on and one that is gone, and what was stored. */
const used = `
  insert into usage_day (namespace_id, dimension, subject, day, pulls, pulled_bytes, pushes, pushed_bytes) values
    (1, 'project', 0, 0, 1, 10, 0, 0), (1, 'project', 0, ${today}, 1, 10, 1, 20), (1, 'repository', 1, ${today}, 1, 10, 1, 20);
  insert into usage_writer (id, batch, at) values ('gone', 7, 0), ('here', 1, ${now});
  insert into usage_stored (namespace_id, repository_id, logical, deduplicated, trash, counted_at) values
    (1, 0, 10, 10, 0, 0), (1, 1, 10, 10, 0, 0), (1, 2, 10, 10, 0, 0)`

/** A cluster that has reported, and one whose report does not count any more. */
const inventory = `
  insert into inventory_cluster (id, name, seen_at, counts_until, digests, reported_at) values
    (1, 'prod', ${over}, ${now + lease}, 1, 0), (2, 'gone', 0, 1, 1, 0);
  insert into inventory_digest (cluster_id, digest, seen_at, counts_until) values (1, 'sha256:other', ${over}, ${now + lease}), (2, 'sha256:old', 0, 1)`

const repositories = [namespace, repositoryRow(1, repository), repositoryRow(2, 'team/base')]
const here = [...repositories, uploads(true)]
const whole = [...here, layerIs('live')]
/** Earlier work may always leave entries over: the collector only looks. */
const leftOver = [queued('link', '1:1'), queued('link', '2:1'), queued('blob', '1'), queued('blob', '2')]
const theManifest = manifest(2, 'manifest', layer, 'layer')
const twoManifests = [theManifest, manifest(3, 'other', layer, 'layer'), tagged('other'), unnamed('manifest')]
const theIndex = [theManifest, manifest(4, 'index', 'sha256:manifest', 'child'), tagged('index')]

/** What the rows are before two transactions meet. */
export const states = {
  'nothing is there': [],
  'the repository is not there': [namespace, repositoryRow(2, 'team/base'), layerIs('live'), linked(2, over), ...leftOver],
  'the layer is new': here,
  'the session has not told of its object': [...repositories, uploads(false)],
  'the layer is leased': [...whole, linked(1, now + lease), queued('link', '1:1', now + lease)],
  'the lease is over': [...whole, linked(1, over), ...leftOver],
  'the layer is damaged': [...here, layerIs('damaged'), linked(1, over), ...leftOver],
  'the layer has no link': [...whole, ...leftOver],
  'the layer is elsewhere': [...whole, linked(2, over), ...leftOver],
  'the layer is here and elsewhere': [...whole, linked(1, over), linked(2, over), ...leftOver],
  'a manifest refers to the layer': [
    ...whole,
    linked(1, over),
    linked(2, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
    oldTag,
    rights,
    jobs,
    used,
    inventory,
  ],
  'two manifests refer to the layer': [...whole, linked(1, over), ...leftOver, ...twoManifests],
  'a manifest refers to the hidden layer': [
    ...whole,
    linked(1, over, true),
    linked(2, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
  ],
  'a manifest waits for the layer': [
    ...here,
    ...leftOver,
    manifest(2, 'manifest', layer, 'layer', 1),
    tagged('manifest'),
  ],
  'a manifest waits for the layer, which is elsewhere': [
    ...whole,
    linked(2, over),
    ...leftOver,
    manifest(2, 'manifest', layer, 'layer', 1),
    tagged('manifest'),
  ],
  'nothing names the manifest': [...whole, linked(1, over), ...leftOver, theManifest, unnamed('manifest')],
  'nothing names the index': [
    ...whole,
    linked(1, over),
    ...leftOver,
    theManifest,
    manifest(4, 'index', 'sha256:manifest', 'child'),
    unnamed('index'),
    unnamed('manifest'),
  ],
  'an index refers to the manifest': [...whole, linked(1, over), ...leftOver, ...theIndex],
  'collection is held': [
    ...whole,
    linked(1, over),
    ...leftOver,
    `insert into collection_hold (name, until, reason) values ('backup:1', ${now + lease}, 'a copy is taken')`,
    oldTag,
  ],
  'the project was renamed': [
    namespace.replace("'team'", "'crew'"),
    repositoryRow(1, renamed),
    repositoryRow(2, 'crew/base'),
    `insert into namespace_alias (name, namespace_id, created_at) values ('team', 1, 0)`,
    ...leftOver,
  ],
  'the project is being deleted': [
    ...whole,
    linked(1, over),
    linked(2, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
    `update namespace set state = 'deleting'`,
  ],
  'the project is nearly deleted': [...whole, linked(1, over), ...leftOver, `update namespace set state = 'deleting'`],
  'the repository is in the trash': [
    ...whole,
    linked(1, over),
    linked(2, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
    `update repository set deleted_at = ${over} where id = 1`,
    discarded('repository', '1', repository),
  ],
  'the project is in the trash': [
    ...whole,
    linked(1, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
    rights,
    `update namespace set state = 'deleting'`,
    `insert into namespace_alias (name, namespace_id, created_at) values ('crew', 1, 0)`,
    discarded('project', 'null', 'team'),
  ],
  'the manifest is in the trash': [...whole, linked(1, over), ...leftOver, theManifest, ...hiddenManifest],
  'the manifest and its referrer are in the trash': [
    ...whole,
    linked(1, over),
    ...leftOver,
    theManifest,
    manifest(3, 'other', layer, 'layer'),
    ...hiddenManifest,
    inTrash({ kind: 'manifest', digest: 'sha256:other', id: trashIds.companion, cause: 'rule' }),
    `update manifest set deleted_at = 0, subject_digest = 'sha256:manifest' where digest = 'sha256:other'`,
  ],
  'the tag is in the trash': [
    ...whole,
    linked(1, over),
    ...leftOver,
    theManifest,
    manifest(3, 'other', layer, 'layer'),
    unnamed('manifest'),
    unnamed('other'),
    inTrash({ kind: 'tag', tag: 'v1', digest: 'sha256:manifest' }),
  ],
  'the layer is in the trash': [
    ...whole,
    linked(1, over, true),
    linked(2, over),
    ...leftOver,
    theManifest,
    tagged('manifest'),
    inTrash({ kind: 'blob', digest: layer }),
  ],
  'the layer is in the trash and nothing refers to it': [
    ...whole,
    linked(1, over, true),
    linked(2, over),
    ...leftOver,
    inTrash({ kind: 'blob', digest: layer }),
  ],
  'jobs wait and run': [namespace, jobs],
  'the manifest was deleted': [...whole, linked(1, over), ...leftOver, manifestBlob(2, 'manifest')],
} satisfies Record<string, readonly string[]>

export type State = keyof typeof states

/** SQL that makes the rows anew. */
export function rowsOf(state: State): string {
  return [clear, ...states[state]].join(';\n')
}
