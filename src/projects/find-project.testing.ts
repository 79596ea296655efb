import type { Database } from '../database/index.ts'
import type { Project } from './project.ts'

const text = `
  select n.id, n.name, n.visibility, n.state, n.created_at as "createdAt" from namespace n
  left join namespace_alias a on a.namespace_id = n.id and a.name = $1
  where (n.name = $1 or a.name is not null) and n.deleted_at is null and n.state <> 'deleting'
  order by case when n.name = $1 then 0 else 1 end limit 1`

/** By its name or one that it had before; `name` is the present one. */
export async function findProject(database: Database, name: string): Promise<Project | undefined> {
  return await database.one<Project>({ name: 'test-find-project', sqlite: text.replaceAll('$', '?'), postgres: text }, name)
}
