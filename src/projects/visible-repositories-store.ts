import { type ListScope, repositoryFilter, repositoryFilterValues } from '../access/index.ts'
import { type Database, statement } from '../database/index.ts'

const isVisible = repositoryFilter(3)
const textFor = (filter: string): string => `
  select r.path as name from repository r join namespace n on n.id = r.namespace_id
  where r.path > $1 and r.deleted_at is null and r.state <> 'deleting' and n.deleted_at is null and n.state <> 'deleting' and ${filter}
  order by r.path limit $2`
const page = statement<{ name: string }>({ sqlite: textFor(isVisible.sqlite), postgres: textFor(isVisible.postgres) })

/** Repositories in the scope by their paths, those after `last`: filtered before the page is cut, so that no page tells of others. */
export async function visibleRepositories(database: Database, scope: ListScope, last: string, limit: number): Promise<{ name: string }[]> {
  return await database.all(page, last, limit, ...repositoryFilterValues(scope))
}
