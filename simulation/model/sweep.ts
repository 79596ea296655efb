import { statement, type Database } from '../../src/database/index.ts'
import type { Operation } from './operation.ts'
import type { World } from './world.ts'

/** Reads everything that is there, so that its bytes are compared with its digests. */
export function* sweep({ registry: { state } }: World): Generator<Operation> {
  yield { kind: 'repositories' }
  for (const [repository, { links, manifests, tags, moves }] of state.repositories) {
    yield { kind: 'tags', repository }
    yield { kind: 'trash', repository }
    for (const tag of moves.keys()) yield { kind: 'history', repository, tag }
    for (const tag of tags.keys()) yield { kind: 'get manifest', repository, reference: { tag } }
    for (const [digest, { manifest }] of manifests) {
      yield { kind: 'get manifest', repository, reference: { digest } }
      if (manifest.subject !== undefined) yield { kind: 'referrers', repository, subject: manifest.subject }
    }
    for (const digest of links.keys()) yield { kind: 'get blob', repository, digest }
  }
}

/** Each row is one text, so that what is there too much or too little can be shown. */
export type Rows = readonly string[]

/** The rows that there must be. `names`: those of the sessions, in the order in which they were begun. */
export function rowsOfWorld({ registry: { state }, uploads }: World, names: readonly string[]): Rows {
  const rows = [...state.repositories].flatMap(([path, { links, manifests, tags, hidden }]) => [
    `repository ${path}`,
    ...[...tags].map(([name, digest]) => `tag ${path} ${name} ${digest}`),
    ...[...manifests.keys()].map((digest) => `manifest ${path} ${digest}`),
    ...[...hidden.keys()].map((digest) => `hidden ${path} ${digest}`),
    ...[...links].map(([digest, { leaseUntil, hidden }]) => `link ${path} ${digest} ${leaseUntil} ${hidden ? 'hidden' : 'seen'}`),
  ])
  const sessions = [...uploads.sessions].flatMap(([number, { repository, written }]) =>
    written === undefined
      ? []
      : `upload ${idOf(names[number])} ${repository} ${written.received} ${written.finished ?? 'open'} ${written.expiresAt}`,
  )
  return [...rows, ...sessions].sort()
}

/** A session's row has the first part of its name. */
function idOf(name = ''): string {
  return name.split('.', 1)[0] ?? ''
}

const everyRow = statement<{ row: string }>(`
  select 'repository ' || path as row from repository
  union all select 'tag ' || r.path || ' ' || t.name || ' ' || t.digest from tag t join repository r on r.id = t.repository_id
  union all select case when m.deleted_at is null then 'manifest ' else 'hidden ' end || r.path || ' ' || m.digest from manifest m join repository r on r.id = m.repository_id
  union all select 'link ' || r.path || ' ' || b.digest || ' ' || l.lease_until || case when l.deleted_at is null then ' seen' else ' hidden' end
    from link l join blob b on b.id = l.blob_id join repository r on r.id = l.repository_id
  union all select 'upload ' || u.id || ' ' || r.path || ' ' || u.received || ' ' || case when u.state = 'open' then 'open' else u.digest end || ' ' || u.expires_at
    from upload u join repository r on r.id = u.repository_id`)

/** The rows that there are, but for sessions that no client knows of: a push in one request has one too. */
export async function rowsOfCore(database: Database, names: readonly string[]): Promise<Rows> {
  const known = new Set(names.map(idOf))
  const rows = (await database.all(everyRow)).map(({ row }) => row).sort()
  return rows.filter((row) => !row.startsWith('upload ') || known.has(row.split(' ')[1] ?? ''))
}
