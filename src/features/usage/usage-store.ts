import { type ListScope, projectFilter, projectFilterValues, repositoryFilter, repositoryFilterValues } from '../../access/index.ts'
import { type Database, statement } from '../../database/index.ts'

/** Days since the epoch, UTC; both are part of it. */
export interface Period {
  readonly from: number
  readonly to: number
}

export interface Sums {
  readonly pulls: number
  readonly pulledBytes: number
  readonly pushes: number
  readonly pushedBytes: number
}

/** Bytes. */
export interface Stored {
  readonly logical: number
  readonly deduplicated: number
  readonly trash: number
  /** Ms since the epoch. */
  readonly countedAt: number
}

/** `stored` is absent until it was counted for the first time. */
export interface NamedUsage {
  readonly name: string
  readonly sums: Sums
  readonly stored: Stored | undefined
}

interface NamedRow {
  readonly name: string
  readonly sums: string | null
  readonly logical: number | null
  readonly deduplicated: number
  readonly trash: number
  readonly counted_at: number
}

// As one text, so that the rows of days are read once: a subquery answers one value.
const sumsText = `sum(u.pulls) || ' ' || sum(u.pulled_bytes) || ' ' || sum(u.pushes) || ' ' || sum(u.pushed_bytes)`
const storedColumns = 's.logical, s.deduplicated, s.trash, s.counted_at'

const isVisibleProject = projectFilter(3)
const projectsFor = (filter: string): string => `
  select n.name, ${storedColumns}, (
    select ${sumsText} from usage_day u
    where u.namespace_id = n.id and u.dimension = 'project' and u.subject = 0 and u.day between $7 and $8) as sums
  from namespace n left join usage_stored s on s.namespace_id = n.id and s.repository_id = 0
  where n.name > $1 and n.deleted_at is null and n.state <> 'deleting' and ${filter} order by n.name limit $2`
const projectPage = statement<NamedRow>({ sqlite: projectsFor(isVisibleProject.sqlite), postgres: projectsFor(isVisibleProject.postgres) })

/** Of the projects in the scope, by name after `last`: filtered before the page is cut, so that no page tells of others. */
export async function usageOfProjects(database: Database, scope: ListScope, period: Period, last: string, limit: number): Promise<NamedUsage[]> {
  const rows = await database.all(projectPage, last, limit, ...projectFilterValues(scope), period.from, period.to)
  return rows.map(named)
}

const isVisibleRepository = repositoryFilter(3)
const repositoriesFor = (filter: string): string => `
  select r.path as name, ${storedColumns}, (
    select ${sumsText} from usage_day u
    where u.namespace_id = r.namespace_id and u.dimension = 'repository' and u.subject = r.id and u.day between $8 and $9) as sums
  from repository r join namespace n on n.id = r.namespace_id
  left join usage_stored s on s.namespace_id = r.namespace_id and s.repository_id = r.id
  where r.namespace_id = $10 and r.path > $1 and r.deleted_at is null and r.state <> 'deleting' and ${filter}
  order by r.path limit $2`
const repositoryPage = statement<NamedRow>({ sqlite: repositoriesFor(isVisibleRepository.sqlite), postgres: repositoriesFor(isVisibleRepository.postgres) })

/** Of the repositories of a project that are in the scope, by path after `last`. */
export async function usageOfRepositories(
  database: Database,
  scope: ListScope,
  { project, period }: { readonly project: number; readonly period: Period },
  last: string,
  limit: number,
): Promise<NamedUsage[]> {
  const rows = await database.all(repositoryPage, last, limit, ...repositoryFilterValues(scope), period.from, period.to, project)
  return rows.map(named)
}

interface DayRow {
  readonly day: number
  readonly pulls: number
  readonly pulled_bytes: number
  readonly pushes: number
  readonly pushed_bytes: number
}

const dayPage = statement<DayRow>(`
  select day, pulls, pulled_bytes, pushes, pushed_bytes from usage_day
  where namespace_id = $1 and dimension = 'project' and subject = 0 and day between $2 and $3 order by day limit $4`)

/** Of a project, day by day; days without any use are left out. */
export async function usageOfDays(database: Database, project: number, { from, to }: Period, limit: number) {
  const rows = await database.all(dayPage, project, from, to, limit)
  return rows.map(({ day, pulls, pulled_bytes: pulledBytes, pushes, pushed_bytes: pushedBytes }) => ({ day, sums: { pulls, pulledBytes, pushes, pushedBytes } }))
}

interface ActorRow {
  readonly dimension: string
  readonly subject: number
  readonly sums: string
  readonly name: string | null
}

export type ActorKind = 'account' | 'anonymous' | 'outside' | 'robot'

export interface ActorUsage {
  readonly kind: ActorKind
  /** 0 for those who have none. */
  readonly id: number
  readonly name: string | undefined
  readonly sums: Sums
}

// Names of this project's own robots and those of the system; of accounts that the project was granted to, and, for whoever may read
// accounts ($7), of all. Nobody learns here who else there is.
const nameOfActor = `case u.dimension
    when 'actor:account' then (
      select a.name from account a where a.id = u.subject and a.deleted_at is null and ($7 = 1 or exists (
        select 1 from access_grant g where g.subject_kind = 'account' and g.subject_id = a.id and g.namespace_id = u.namespace_id)))
    when 'actor:robot' then (
      select case when b.namespace_id is null then '' else (select n.name || '+' from namespace n where n.id = b.namespace_id) end || 'robot$' || b.name
      from robot b where b.id = u.subject and b.deleted_at is null and (b.namespace_id is null or b.namespace_id = u.namespace_id))
  end`
// Callers come before "project" and "repository".
const actorPage = statement<ActorRow>(`
  select u.dimension, u.subject, ${sumsText} as sums, ${nameOfActor} as name
  from usage_day u
  where u.namespace_id = $1 and u.dimension < 'project' and (u.dimension, u.subject) > ($2, $3) and u.day between $4 and $5
  group by u.namespace_id, u.dimension, u.subject order by u.namespace_id, u.dimension, u.subject limit $6`)

/** @param after kind and id of the last one of the page before */
export async function usageOfActors(
  database: Database,
  { project, period, allNames }: { readonly project: number; readonly period: Period; readonly allNames: boolean },
  after: { readonly kind: string; readonly id: number },
  limit: number,
): Promise<ActorUsage[]> {
  const { from, to } = period
  const rows = await database.all(actorPage, project, `actor:${after.kind}`, after.id, from, to, limit, allNames ? 1 : 0)
  return rows.map(({ dimension, subject, name, sums }) => ({
    kind: dimension.slice('actor:'.length) as ActorKind,
    id: subject,
    name: name ?? undefined,
    sums: sumsOf(sums),
  }))
}

function named({ name, sums, logical, deduplicated, trash, counted_at: countedAt }: NamedRow): NamedUsage {
  return { name, sums: sumsOf(sums), stored: logical === null ? undefined : { logical, deduplicated, trash, countedAt } }
}

function sumsOf(text: string | null): Sums {
  const [pulls = 0, pulledBytes = 0, pushes = 0, pushedBytes = 0] = text === null ? [] : text.split(' ').map(Number)
  return { pulls, pulledBytes, pushes, pushedBytes }
}
