import { Database } from 'bun:sqlite'
import { createLifecycleObserver, lifecycleQueries, type LifecycleObserver } from './lifecycle-observer.ts'
import { blobQuery, type BlobRow, objectQuery, type ObjectRow, problemQueries } from '../rig/rows.ts'

/** Looks into the database from outside, between turns: what it sees is what was committed. */
export interface Observer {
  readonly lifecycle: LifecycleObserver
  repository(id: number): string | undefined
  digest(blobId: number): string | undefined
  hasBlob(digest: string): boolean
  /** The object a blob has now. */
  objectOf(digest: string): string | undefined
  hasTag(repository: string, name: string): boolean
  objects(): ObjectRow[]
  blobs(): BlobRow[]
  /** Rows that must never be. */
  problems(): string[]
  /** Rows that a collection which ran to its end may not leave. */
  leftovers(): string[]
  close(): void
}

/** Whatever nothing holds, by kind. */
const leftoverQueries = [
  `select 'upload ' || id as left from upload`,
  `select 'object ' || id || ' is ' || state as left from object where state in ('writing', 'doomed')`,
  `select 'link ' || l.repository_id || ' to ' || b.digest as left from link l join blob b on b.id = l.blob_id
   where not exists (select 1 from reference r where r.repository_id = l.repository_id and r.child_digest = b.digest)`,
  `select 'blob ' || digest as left from blob b
   where not exists (select 1 from link l where l.blob_id = b.id) and not exists (select 1 from manifest m where m.blob_id = b.id)`,
  `select 'queued ' || kind || ' ' || key as left from gc_queue`,
  `select kind || ' in the trash ' || id as left from trash`,
  `select 'job ' || id || ' is ' || state as left from job where finished_at is null and schedule is null`,
]

export function createObserver(path: string): Observer {
  const database = new Database(path, { readonly: true })
  const repository = database.query<{ path: string }, [number]>('select path from repository where id = ?')
  const digest = database.query<{ digest: string }, [number]>('select digest from blob where id = ?')
  const blob = database.query<{ object_id: string | null }, [string]>('select object_id from blob where digest = ?')
  const tag = database.query<{ name: string }, [string, string]>(
    'select t.name from tag t join repository r on r.id = t.repository_id where r.path = ? and t.name = ?',
  )
  const all = <Row>(sql: string): Row[] => database.query<Row, []>(sql).all()
  return Object.freeze<Observer>({
    lifecycle: createLifecycleObserver(database),
    repository: (id) => repository.get(id)?.path,
    digest: (blobId) => digest.get(blobId)?.digest,
    hasBlob: (wanted) => blob.get(wanted) !== null,
    objectOf: (wanted) => blob.get(wanted)?.object_id ?? undefined,
    hasTag: (path, name) => tag.get(path, name) !== null,
    objects: () => all<ObjectRow>(objectQuery),
    blobs: () => all<BlobRow>(blobQuery),
    problems: () => [
      ...[...problemQueries, ...lifecycleQueries].flatMap((query) => all<{ problem: string }>(query).map(({ problem }) => problem)),
      ...all<{ table: string }>('pragma foreign_key_check').map(({ table }) => `a row of ${table} refers to a row that is not there`),
    ],
    leftovers: () => leftoverQueries.flatMap((query) => all<{ left: string }>(query).map(({ left }) => left)),
    close: () => database.close(),
  })
}
