import { statement } from '../../database/index.ts'

/** The last steps of a rebuild. */

export interface RestoredObject {
  readonly id: string
  readonly key: string | null
  readonly state: string
  readonly digest: string
  readonly size: number
}

export const restoredObjects = statement<RestoredObject>(`
  select o.id, o.key, o.state, (select b.digest from blob b where b.object_id = o.id limit 1) as digest, o.stored_size as size
  from object o where o.id > $1 order by o.id limit $2`)
export const markDamaged = statement(`update object set state = 'damaged', since = $2 where id = $1`)

export const restoredTags = statement<{ repository_id: number; name: string }>(`
  select repository_id, name from tag where (repository_id, name) > ($1, $2) order by repository_id, name limit $3`)
/** The history of tags is not in the segments: it begins anew with where each tag points. */
export const beginTagHistory = statement(`
  insert into tag_event (repository_id, name, at, actor, to_digest)
  select t.repository_id, t.name, t.updated_at, t.updated_by, t.digest from tag t where t.repository_id = $1 and t.name = $2`)

export const restoredManifests = statement<{ repository_id: number; digest: string; named: number }>(`
  select m.repository_id, m.digest, case
    when exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest) then 1
    when exists (select 1 from reference f where f.repository_id = m.repository_id and f.child_digest = m.digest) then 1
    else 0 end as named
  from manifest m where (m.repository_id, m.digest) > ($1, $2) order by m.repository_id, m.digest limit $3`)
/** Nobody wrote down since when nothing has named it: since now. */
export const noteUnnamed = statement('insert into unnamed_manifest (repository_id, digest, since) values ($1, $2, $3)')

/** Ids were given, not generated: the next ones come after them. SQLite remembers the largest one by itself. */
export const idsGoOn = ['namespace', 'repository', 'trash'].map((table) =>
  statement({
    sqlite: `select 0 as done from (select 1) wanted`,
    postgres: `select setval(pg_get_serial_sequence('${table}', 'id'), (select coalesce(max(id), 0) + 1 from ${table}), false)`,
  }),
)
