import type { Database } from 'bun:sqlite'
import type { JobRow } from './job-ledger.ts'
import type { TagEvent } from './tag-ledger.ts'

/** What the database keeps of projects, tags that moved, the trash and jobs. */
export interface LifecycleObserver {
  /** 0 where there is no such project. */
  readonly projectId: (name: string) => number
  /** Every move of its tags that is kept, in their order. */
  tagEvents(repository: string): TagEvent[]
  jobs(): JobRow[]
  /** Whether manifests in the trash refer to it there, and no other one. */
  isHeldByTrash(repository: string, digest: string): boolean
}

/** What the trash and the history of tags must agree with, between any two turns. */
export const lifecycleQueries: readonly string[] = [
  `select kind || ' ' || t.digest || ' is in the trash as ' || t.id || ', and not hidden' as problem from trash t
   where (kind = 'manifest' and not exists (
       select 1 from manifest m where m.repository_id = t.repository_id and m.digest = t.digest and m.deleted_at is not null))
     or (kind = 'blob' and not exists (
       select 1 from link l join blob b on b.id = l.blob_id
       where l.repository_id = t.repository_id and b.digest = t.digest and l.deleted_at is not null))`,
  `select 'manifest ' || m.digest || ' is hidden, and ' || count(t.id) || ' times in the trash' as problem
   from manifest m left join trash t on t.repository_id = m.repository_id and t.digest = m.digest and t.kind = 'manifest'
   where m.deleted_at is not null group by m.repository_id, m.digest having count(t.id) <> 1`,
  `select 'tag ' || t.name || ' names ' || t.digest || ', which is hidden or gone' as problem from tag t
   where not exists (select 1 from manifest m where m.repository_id = t.repository_id and m.digest = t.digest and m.deleted_at is null)`,
  `select 'the history of ' || name || ' has a gap before move ' || id as problem from (
     select id, name, from_digest, lag(to_digest) over (partition by repository_id, name order by at, id) as before from tag_event)
   where from_digest is not before`,
  `select 'tag ' || coalesce(t.name, e.name) || ' and its history differ' as problem from
     (select repository_id, name, to_digest, row_number() over (partition by repository_id, name order by at desc, id desc) as place from tag_event) e
   full join tag t on t.repository_id = e.repository_id and t.name = e.name
   where coalesce(e.place, 1) = 1 and e.to_digest is not t.digest`,
]

const jobsWithSteps = `
  select id, kind, state, attempt, most_attempts, (
    select count(*) from event e where e.kind = 'test.step' and json_extract(e.keys, '$.job') = job.id) as steps from job`

export function createLifecycleObserver(database: Database): LifecycleObserver {
  const project = database.query<{ id: number }, [string]>('select id from namespace where name = ? and deleted_at is null')
  const tagEvents = database.query<TagEvent, [string]>(`
    select e.id, e.name, e.at, e.actor, e.from_digest, e.to_digest from tag_event e join repository r on r.id = e.repository_id
    where r.path = ? order by e.at, e.id`)
  const holders = database.query<{ live: number; hidden: number }, [string, string]>(`
    select count(*) filter (where m.deleted_at is null) as live, count(*) filter (where m.deleted_at is not null) as hidden
    from reference f join repository r on r.id = f.repository_id
    join manifest m on m.repository_id = f.repository_id and m.digest = f.manifest_digest
    where r.path = ? and f.child_digest = ?`)
  return Object.freeze<LifecycleObserver>({
    projectId: (name) => project.get(name)?.id ?? 0,
    tagEvents: (path) => tagEvents.all(path),
    jobs: () => database.query<JobRow, []>(jobsWithSteps).all(),
    isHeldByTrash: (path, wanted) => {
      const found = holders.get(path, wanted)
      return found !== null && found.live === 0 && found.hidden > 0
    },
  })
}
