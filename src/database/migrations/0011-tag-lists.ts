import { versionKey } from '../../lib/index.ts'
import { statement } from '../statement.ts'
import type { DialectTypes } from './dialect-types.ts'
import type { MigratingConnection } from './migrate.ts'

/**
 * What tags are listed by, each from an index of its own: in the natural order of versions, by when they were pushed and pulled, by size. And
 * the history of a tag in the order of time, which never goes back for one tag, so that one index answers what came last and what was then.
 */
export function tagLists({ text, integer }: DialectTypes): string[] {
  return [
    // With everything it refers to, as far as it was here when it was pushed.
    `alter table manifest add column size ${integer} not null default 0`,
    manifestSizes,
    indexSizes,
    `alter table tag add column version_key ${text} not null default ''`,
    `alter table tag add column pulled_at ${integer} not null default 0`,
    `alter table tag add column size ${integer} not null default 0`,
    `update tag set size = (select m.size from manifest m where m.repository_id = tag.repository_id and m.digest = tag.digest),
      pulled_at = (select coalesce(m.last_pulled_at, 0) from manifest m where m.repository_id = tag.repository_id and m.digest = tag.digest)`,
    `create index tag_by_version on tag (repository_id, version_key, name)`,
    `create index tag_by_push on tag (repository_id, updated_at, name)`,
    `create index tag_by_pull on tag (repository_id, pulled_at, name)`,
    `create index tag_by_size on tag (repository_id, size, name)`,

    // Two transactions that waited for each other could commit in the other order than they had begun.
    `update tag_event set at = late.at from (
      select id, max(at) over (partition by repository_id, name order by id) as at from tag_event) late
      where late.id = tag_event.id and late.at > tag_event.at`,
    `drop index tag_event_by_name`,
    `create index tag_event_by_name on tag_event (repository_id, name, at, id)`,
  ]
}

const ofManifest = (child: string) => `${child}.repository_id = manifest.repository_id and ${child}.manifest_digest = manifest.digest`

const manifestSizes = `
  update manifest set size = (select b.size from blob b where b.id = manifest.blob_id) + coalesce((
    select sum(b.size) from (select distinct r.repository_id, r.manifest_digest, r.child_digest from reference r where ${ofManifest('r')}) r
    join repository p on p.id = r.repository_id join namespace n on n.id = p.namespace_id
    join blob b on b.domain_id = n.domain_id and b.digest = r.child_digest
    join link l on l.repository_id = r.repository_id and l.blob_id = b.id), 0)`

/** An index has that of the manifests that it lists; of one in another index this knows only what is not of manifests. */
const indexSizes = `
  update manifest set size = size + coalesce((
    select sum(m.size) from reference r join manifest m on m.repository_id = r.repository_id and m.digest = r.child_digest
    where ${ofManifest('r')} and r.kind = 'child'), 0)
  where exists (select 1 from reference r where ${ofManifest('r')} and r.kind = 'child')`

const tagsAtOnce = 1_000

const page = (list: string) => `
  select ${list} as tags from (
    select repository_id, name from tag where (repository_id, name) > ($1, $2) order by repository_id, name limit ${tagsAtOnce}) wanted`
const tagsAfter = statement<{ tags: string | null }>({
  sqlite: page(`json_group_array(json_array(repository_id, name))`),
  postgres: page(`json_agg(json_build_array(repository_id, name))::text`),
})
const writeKeys = statement({
  sqlite: `
    update tag set version_key = wanted.value ->> 2 from json_each($1) wanted
    where tag.repository_id = wanted.value ->> 0 and tag.name = wanted.value ->> 1`,
  postgres: `
    update tag set version_key = wanted.value ->> 2 from json_array_elements($1::json) wanted
    where tag.repository_id = (wanted.value ->> 0)::bigint and tag.name = wanted.value ->> 1`,
})

/** The keys of the order of versions, which are made by the program. */
export async function fillVersionKeys(connection: MigratingConnection): Promise<void> {
  for (let last: readonly [number, string] = [0, '']; ; ) {
    const tags = JSON.parse((await connection.one(tagsAfter, ...last))?.tags ?? '[]') as [number, string][]
    const end = tags.at(-1)
    if (end === undefined) return
    await connection.run(writeKeys, JSON.stringify(tags.map(([repository, name]) => [repository, name, versionKey(name)])))
    last = end
  }
}
