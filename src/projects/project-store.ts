import { statement, type Tx } from '../database/index.ts'
import type { Project, ProjectState, Visibility } from './project.ts'

export interface ProjectRow {
  readonly id: number
  readonly name: string
  readonly visibility: Visibility
  readonly state: ProjectState
  readonly created_at: number
}

export function projectOf({ id, name, visibility, state, created_at: createdAt }: ProjectRow): Project {
  return { id, name, visibility, state, createdAt }
}

/** Those whose rows are to be removed: not those in the trash. */
export const projectsInDeletion = statement<{ id: number }>(`
  select n.id from namespace n where n.state = 'deleting' and n.deleted_at is null
    and not exists (select 1 from trash t where t.namespace_id = n.id and t.kind = 'project')
  order by n.id limit $1`)
/** How a project is in the trash: `trash` is its number there, `until` when it is purged, in ms since the epoch. */
export const trashOfProject = statement<{ trash: number; until: number }>(`
  select id as trash, purge_at as until from trash where namespace_id = $1 and kind = 'project'`)
/** Projects and repositories whose time in the trash is over, by the clock that the steps go by. */
export const dueInTrash = statement<{ id: number; kind: 'project' | 'repository' }>({
  sqlite: `
    select id, kind from trash where kind in ('project', 'repository') and purge_at <= $1 order by purge_at, id limit $2`,
  postgres: `
    select id, kind from trash
    where kind in ('project', 'repository') and purge_at <= least($1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
    order by purge_at, id limit $2`,
})
/** What a name leads to that is no project's own now. */
export const presentName = statement<{ name: string }>(`
  select n.name from namespace_alias a join namespace n on n.id = a.namespace_id
  where a.name = $1 and n.deleted_at is null and n.state <> 'deleting'
    and not exists (select 1 from namespace own where own.name = $1 and own.deleted_at is null)`)

const removeAliases = statement('delete from namespace_alias where namespace_id = $1')
const removeRobots = statement(`
  update robot set deleted_at = $2, version = version + 1 where coalesce(namespace_id, 0) = $1 and deleted_at is null`)

/** Of a project that nobody brings back. */
export async function removeWhatLeadsThere(tx: Tx, project: number): Promise<void> {
  await tx.run(removeAliases, project)
  await tx.run(removeRobots, project, tx.now)
}
