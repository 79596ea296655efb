import { statement } from '../database/index.ts'
import type { ProjectState, Visibility } from './project.ts'

export interface ProjectRow {
  readonly id: number
  readonly name: string
  readonly visibility: Visibility
  readonly state: ProjectState
  readonly created_at: number
}

const columns = 'n.id, n.name, n.visibility, n.state, n.created_at'
const seen = `n.deleted_at is null and n.state <> 'deleting'`

export const projectByName = statement<ProjectRow>(`select ${columns} from namespace n where n.name = $1 and ${seen}`)
export const projectByAlias = statement<ProjectRow>(`
  select ${columns} from namespace_alias a join namespace n on n.id = a.namespace_id where a.name = $1 and ${seen}`)
/** In the order of their names, which an index answers from any of them on. */
export const projectPage = statement<ProjectRow>(`
  select ${columns} from namespace n where n.name > $1 and ${seen} order by n.name limit $2`)
export const projectsInDeletion = statement<{ id: number }>(`
  select id from namespace where state = 'deleting' and deleted_at is null order by id limit $1`)
/** What a name leads to that is no project's own now. */
export const presentName = statement<{ name: string }>(`
  select n.name from namespace_alias a join namespace n on n.id = a.namespace_id
  where a.name = $1 and ${seen} and not exists (select 1 from namespace own where own.name = $1 and own.deleted_at is null)`)
