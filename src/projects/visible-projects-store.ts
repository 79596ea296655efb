import { type ListScope, projectFilter, projectFilterValues } from '../access/index.ts'
import { type Database, statement } from '../database/index.ts'
import { projectOf, type ProjectRow } from './project-store.ts'
import type { Project } from './project.ts'

const isVisible = projectFilter(3)
const textFor = (filter: string): string => `
  select n.id, n.name, n.visibility, n.state, n.created_at from namespace n
  where n.name > $1 and n.deleted_at is null and n.state <> 'deleting' and ${filter} order by n.name limit $2`
const page = statement<ProjectRow>({ sqlite: textFor(isVisible.sqlite), postgres: textFor(isVisible.postgres) })

/** Projects by their names, those after `last` that are in the scope: filtered before the page is cut, so that no page tells of others. */
export async function visibleProjects(database: Database, scope: ListScope, last: string, limit: number): Promise<Project[]> {
  const rows = await database.all(page, last, limit, ...projectFilterValues(scope))
  return rows.map(projectOf)
}
