import { statement } from '../database/index.ts'
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

export const projectsInDeletion = statement<{ id: number }>(`
  select id from namespace where state = 'deleting' and deleted_at is null order by id limit $1`)
/** What a name leads to that is no project's own now. */
export const presentName = statement<{ name: string }>(`
  select n.name from namespace_alias a join namespace n on n.id = a.namespace_id
  where a.name = $1 and n.deleted_at is null and n.state <> 'deleting'
    and not exists (select 1 from namespace own where own.name = $1 and own.deleted_at is null)`)
