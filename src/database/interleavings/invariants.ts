/**
 * What must hold of the rows between any two transactions, whatever they were: each answers the rows that break it. Foreign keys
 * see to some of them; they are here so that a schema without one of them is noticed.
 */
const whole = (blob: string) => `(exists (select 1 from content c where c.blob_id = ${blob}.id)
  or exists (select 1 from object o where o.id = ${blob}.object_id and o.state in ('live', 'damaged')))`

const isQueued = (kind: string, key: string) => `exists (select 1 from gc_queue q where q.kind = '${kind}' and q.key = ${key})`

/** Of those that are granted here. */
const builtIn = `'admin', 'project-admin', 'developer', 'guest'`

export const invariants = {
  'a link has its blob': 'select l.blob_id from link l where not exists (select 1 from blob b where b.id = l.blob_id)',
  'a blob has bytes': `select b.digest from blob b where not ${whole('b')}`,
  'inline bytes have their blob': `
    select c.blob_id from content c where not exists (select 1 from blob b where b.id = c.blob_id)`,
  'a live object is held by one blob': `
    select o.id from object o
    where o.state in ('live', 'damaged') and 1 <> (select count(*) from blob b where b.object_id = o.id)`,
  'the object of a blob is live': `
    select b.digest from blob b where b.object_id is not null
    and not exists (select 1 from object o where o.id = b.object_id and o.state in ('live', 'damaged') and o.key is not null)`,
  'a doomed object is queued': `select o.id from object o where o.state = 'doomed' and not ${isQueued('object', 'o.id')}`,
  'an object being written is queued': `
    select o.id from object o where o.state = 'writing' and not ${isQueued('object', 'o.id')}`,
  'an open upload has an object being written': `
    select u.id from upload u where u.state = 'open' and u.object_id is not null
    and not exists (select 1 from object o where o.id = u.object_id and o.state = 'writing')`,
  'an upload is queued': `select u.id from upload u where not ${isQueued('upload', 'u.id')}`,
  'a link without a manifest is queued': `
    select l.repository_id, b.digest from link l join blob b on b.id = l.blob_id
    where not exists (select 1 from reference f where f.repository_id = l.repository_id and f.child_digest = b.digest)
    and not ${isQueued('link', `l.repository_id || ':' || l.blob_id`)}`,
  'a blob that nothing holds is queued': `
    select b.digest from blob b where not exists (select 1 from link l where l.blob_id = b.id)
    and not exists (select 1 from manifest m where m.blob_id = b.id) and not ${isQueued('blob', 'b.id::text')}`,
  'a manifest that nothing names is noted': `
    select m.digest from manifest m where m.deleted_at is null
    and not exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest)
    and not exists (select 1 from reference f where f.repository_id = m.repository_id and f.child_digest = m.digest)
    and not exists (select 1 from manifest s where s.repository_id = m.repository_id and s.digest = m.subject_digest)
    and not exists (select 1 from unnamed_manifest u where u.repository_id = m.repository_id and u.digest = m.digest)`,
  'a manifest has its bytes': `
    select m.digest from manifest m
    where not exists (select 1 from blob b join content c on c.blob_id = b.id where b.id = m.blob_id)`,
  'a manifest keeps the links of its children': `
    select f.child_digest from reference f where f.kind <> 'child' and f.awaited = 0 and not exists (
      select 1 from link l join blob b on b.id = l.blob_id
      where l.repository_id = f.repository_id and b.digest = f.child_digest)`,
  'references have their manifest': `
    select f.manifest_digest from reference f
    where not exists (select 1 from manifest m where m.repository_id = f.repository_id and m.digest = f.manifest_digest)`,
  'a tag has its manifest': `
    select t.name from tag t
    where not exists (
      select 1 from manifest m where m.repository_id = t.repository_id and m.digest = t.digest and m.deleted_at is null)`,
  'a manifest that is hidden is in the trash': `
    select m.digest from manifest m where m.deleted_at is not null and not exists (
      select 1 from trash t where t.repository_id = m.repository_id and t.digest = m.digest and t.kind = 'manifest')`,
  'a manifest in the trash is hidden': `
    select t.digest from trash t where t.kind = 'manifest' and not exists (
      select 1 from manifest m where m.repository_id = t.repository_id and m.digest = t.digest and m.deleted_at is not null)`,
  'a blob in the trash is hidden': `
    select t.digest from trash t where t.kind = 'blob' and not exists (
      select 1 from link l join blob b on b.id = l.blob_id
      where l.repository_id = t.repository_id and b.digest = t.digest and l.deleted_at is not null)`,
  'a manifest or a blob is in the trash once': `
    select digest from trash where kind in ('manifest', 'blob') group by repository_id, kind, digest having count(*) > 1`,
  'the history of a tag has no gap': `
    select h.name from (
      select name, from_digest, lag(to_digest) over (partition by repository_id, name order by id) as before from tag_event) h
    where h.from_digest is distinct from h.before`,
  'the history of a tag ends with what it is': `
    select coalesce(h.name, t.name) from (
      select distinct on (repository_id, name) repository_id, name, to_digest from tag_event
      order by repository_id, name, id desc) h
    full join tag t on t.repository_id = h.repository_id and t.name = h.name where t.digest is distinct from h.to_digest`,
  'a repository lies in the project that its path begins with': `
    select r.path from repository r join namespace n on n.id = r.namespace_id
    where r.deleted_at is null and split_part(r.path, '/', 1) <> n.name`,
  'a name leads to one project': `
    select a.name from namespace_alias a join namespace n on n.name = a.name and n.deleted_at is null`,
  'what is deleted holds no manifest': `
    select r.path from repository r join manifest m on m.repository_id = r.id where r.deleted_at is not null
    and not exists (select 1 from trash t where t.repository_id = r.id and t.kind = 'repository')`,
  'what is in the trash can be told from what is there': `
    select t.id from trash t join repository r on r.id = t.repository_id where t.kind = 'repository' and r.deleted_at is null
    union all select t.id from trash t join namespace n on n.id = t.namespace_id where t.kind = 'project' and n.state <> 'deleting'`,
  'a grant has its role': `
    select g.id from access_grant g
    where g.role not in (${builtIn}) and not exists (select 1 from role r where r.name = g.role)`,
  'a job that runs has a claim, and no other one': `
    select id from job where (state = 'running') <> (claim is not null) or (state in ('queued', 'running')) <> (finished_at is null)`,
  'an effect of a job is made once': `
    select job_id from job_line where text = 'effect' group by job_id having count(*) > 1`,
  'where root was, somebody may do everything': `
    select a.id from account a where a.name = 'root' and not exists (
      select 1 from access_grant g join account b on g.subject_kind = 'account' and b.id = g.subject_id and b.state = 'active'
      where g.namespace_id is null and g.role = 'admin' and b.deleted_at is null)`,
} satisfies Record<string, string>

const broken = Object.entries(invariants).map(([name, rows]) => `select '${name}' as name where exists (${rows})`)

/** Answers the names of those that do not hold, as a list. */
export const brokenInvariants = `select coalesce(json_agg(name), '[]') as broken from (${broken.join(' union all ')}) invariants`
