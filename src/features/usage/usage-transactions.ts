import { statement, transaction, type Tx } from '../../database/index.ts'
import { holdRun, type RunToken } from '../../jobs/index.ts'

/** What one caller did in one repository since the last batch. */
export interface UsedRow {
  readonly repository: number
  readonly actor: ActorKind
  /** 0 for those without one. */
  readonly actorId: number
  readonly sums: Sums
}

export type ActorKind = 'anonymous' | 'account' | 'robot' | 'outside'

/** Manifests pulled, bytes pulled, manifests pushed, bytes pushed. */
export type Sums = readonly [pulls: number, pulledBytes: number, pushes: number, pushedBytes: number]

export interface UsageBatch {
  /** Names the thread that counts. */
  readonly writer: string
  /** One more than that of its last batch. */
  readonly batch: number
  readonly used: readonly UsedRow[]
  /** Manifests that were asked for: repository and digest. */
  readonly asked: readonly (readonly [repository: number, digest: string])[]
}

const takeBatch = statement<{ batch: number }>(`
  insert into usage_writer (id, batch, at) values ($1, $2, $3)
  on conflict (id) do update set batch = excluded.batch, at = excluded.at where usage_writer.batch < excluded.batch
  returning batch`)
const projectsOf = statement<{ id: number; namespace_id: number }>({
  sqlite: `
    select r.id, r.namespace_id from json_each($1) wanted cross join repository r on r.id = wanted.value`,
  postgres: `
    select r.id, r.namespace_id from repository r where r.id = any (array(select json_array_elements_text($1::json)::bigint))`,
})
const onConflict = `
  on conflict (namespace_id, dimension, subject, day) do update set
    pulls = usage_day.pulls + excluded.pulls, pulled_bytes = usage_day.pulled_bytes + excluded.pulled_bytes,
    pushes = usage_day.pushes + excluded.pushes, pushed_bytes = usage_day.pushed_bytes + excluded.pushed_bytes`
const into = 'insert into usage_day (day, namespace_id, dimension, subject, pulls, pulled_bytes, pushes, pushed_bytes)'
const addUp = statement({
  sqlite: `
    ${into} select $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    from json_each($1) where true ${onConflict}`,
  postgres: `
    ${into} select $2, (value ->> 0)::bigint, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint, (value ->> 4)::bigint,
      (value ->> 5)::bigint, (value ->> 6)::bigint
    from json_array_elements($1::json) ${onConflict}`,
})
// A time from later than now was written under a clock that was wrong.
const isOutdated = '(m.last_pulled_at is null or m.last_pulled_at < $3 or m.last_pulled_at > $2)'
const touch = statement({
  sqlite: `
    update manifest as m set last_pulled_at = $2
    from (select value ->> 0 as repository_id, value ->> 1 as digest from json_each($1)) as wanted
    where m.repository_id = wanted.repository_id and m.digest = wanted.digest and ${isOutdated}`,
  // Locked in order, so that two nodes whose clients pull the same can't wait for each other in a circle.
  postgres: `
    with wanted as (
      select m.repository_id, m.digest from json_array_elements($1::json) asked
      join manifest m on m.repository_id = (asked.value ->> 0)::bigint and m.digest = asked.value ->> 1
      where ${isOutdated} order by m.repository_id, m.digest for no key update of m)
    update manifest set last_pulled_at = $2 from wanted
    where manifest.repository_id = wanted.repository_id and manifest.digest = wanted.digest`,
})

/** The same in the tags that point at them by now, which are listed by it. */
const isTagOutdated = '(t.pulled_at < $3 or t.pulled_at > $2)'
const touchTags = statement({
  sqlite: `
    update tag as t set pulled_at = $2
    from (select value ->> 0 as repository_id, value ->> 1 as digest from json_each($1)) as wanted
    where t.repository_id = wanted.repository_id and t.digest = wanted.digest and ${isTagOutdated}`,
  postgres: `
    with wanted as (
      select t.repository_id, t.name from json_array_elements($1::json) asked
      join tag t on t.repository_id = (asked.value ->> 0)::bigint and t.digest = asked.value ->> 1
      where ${isTagOutdated} order by t.repository_id, t.name for no key update of t)
    update tag set pulled_at = $2 from wanted where tag.repository_id = wanted.repository_id and tag.name = wanted.name`,
})

const hour = 3_600_000
const dayLength = 86_400_000

/**
 * Adds a batch to the sums of the day, and writes down when manifests were asked for: the hour is told rightly, the first of several times
 * in one hour is kept. Appends no event: what a read of the registry answers does not change.
 */
export const recordUsage = transaction('record usage', async (tx: Tx, { writer, batch, used, asked }: UsageBatch) => {
  if ((await tx.one(takeBatch, writer, batch, tx.now)) === undefined) return { ok: null }
  const repositories = [...new Set(used.map(({ repository }) => repository))]
  if (repositories.length > 0) {
    const projects = new Map((await tx.all(projectsOf, JSON.stringify(repositories))).map((row) => [row.id, row.namespace_id]))
    await tx.run(addUp, JSON.stringify(sumsOf(used, projects)), Math.floor(tx.now / dayLength))
  }
  const manifests = asked.toSorted((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  if (manifests.length > 0) {
    const times = [JSON.stringify(manifests), tx.now, tx.now - (tx.now % hour)] as const
    await tx.run(touch, ...times)
    await tx.run(touchTags, ...times)
  }
  return { ok: null }
})

type DayRow = [namespaceId: number, dimension: string, subject: number, ...sums: Sums]

/** One row for each sum, in the order of their keys: two batches lock them in the same one. */
function sumsOf(used: readonly UsedRow[], projects: ReadonlyMap<number, number>): DayRow[] {
  const rows = new Map<string, DayRow>()
  for (const { repository, actor, actorId, sums } of used) {
    const project = projects.get(repository)
    if (project === undefined) continue
    for (const [dimension, subject] of [['project', 0], ['repository', repository], [`actor:${actor}`, actorId]] as const) {
      const key = `${project} ${dimension} ${subject}`
      const [, , , a, b, c, d] = rows.get(key) ?? [project, dimension, subject, 0, 0, 0, 0]
      rows.set(key, [project, dimension, subject, a + sums[0], b + sums[1], c + sums[2], d + sums[3]])
    }
  }
  return [...rows.values()].sort((a, b) => a[0] - b[0] || (a[1] === b[1] ? a[2] - b[2] : a[1] < b[1] ? -1 : 1))
}

const removeDays = statement(`
  delete from usage_day where (namespace_id, dimension, subject, day) in (
    select namespace_id, dimension, subject, day from usage_day where day < $1 order by day limit $2)`)
const removeWriters = statement(`
  delete from usage_writer where id in (select id from usage_writer where at < $1 order by at limit $2)`)

/** A writer sends a batch again for no longer than so many ms. */
const writerStays = dayLength

export interface ClearUsageInput {
  /** Ms: older days go. */
  readonly retention: number
  /** Rows at a time. */
  readonly most: number
}

/** Removes days that are too old, and what is known of threads that are gone. Answers how many rows of days went. */
export const clearUsage = transaction('clear usage', async (tx: Tx, { retention, most }: ClearUsageInput) => {
  const removed = await tx.run(removeDays, Math.floor((tx.now - retention) / dayLength), most)
  await tx.run(removeWriters, tx.now - writerStays, most)
  return { ok: removed }
})

export interface CountedRow {
  /** 0: the whole project. */
  readonly repository: number
  readonly logical: number
  readonly deduplicated: number
  readonly trash: number
  /** Of the whole installation: how many there are, and their bytes, each once. */
  readonly blobs?: number
  readonly blobBytes?: number
}

export interface CountedInput {
  readonly run: RunToken
  readonly project: number
  /** When the count began: the same for all that it keeps, and for no other one. */
  readonly countedAt: number
  readonly rows: readonly CountedRow[]
  /** Nothing more comes of the project: what was counted of it before is out of date. */
  readonly last: boolean
}

const counts = 'insert into usage_stored (namespace_id, counted_at, repository_id, logical, deduplicated, trash, blobs, blob_bytes)'
const orReplace = `
  on conflict (namespace_id, repository_id) do update set
    logical = excluded.logical, deduplicated = excluded.deduplicated, trash = excluded.trash, counted_at = excluded.counted_at,
    blobs = excluded.blobs, blob_bytes = excluded.blob_bytes`
const keepCounts = statement({
  sqlite: `
    ${counts} select $1, $2, value ->> 'repository', value ->> 'logical', value ->> 'deduplicated', value ->> 'trash',
      value ->> 'blobs', value ->> 'blobBytes'
    from json_each($3) where true ${orReplace}`,
  postgres: `
    ${counts} select $1, $2, (value ->> 'repository')::bigint, (value ->> 'logical')::bigint, (value ->> 'deduplicated')::bigint,
      (value ->> 'trash')::bigint, (value ->> 'blobs')::bigint, (value ->> 'blobBytes')::bigint
    from json_array_elements($3::json) ${orReplace}`,
})
const removeOutdated = statement('delete from usage_stored where namespace_id = $1 and counted_at <> $2')

/** Keeps what a count found, unless its run was taken for dead: the count of another one is not to be overwritten with an older one. */
export const keepStoredUsage = transaction('keep stored usage', async (tx: Tx, { run, project, countedAt, rows, last }: CountedInput) => {
  const refusal = await holdRun(tx, run)
  if (refusal !== undefined) return refusal
  const sorted = rows.toSorted((a, b) => a.repository - b.repository)
  if (sorted.length > 0) await tx.run(keepCounts, project, countedAt, JSON.stringify(sorted))
  if (last) await tx.run(removeOutdated, project, countedAt)
  return { ok: null }
})
