import type { DialectTypes } from './dialect-types.ts'

/**
 * What was deleted and can be brought back. A manifest in it has `deleted_at` and keeps its references; of a tag only this row is
 * left; a blob's link has `deleted_at`.
 */
export function trash({ id, text, integer }: DialectTypes): string[] {
  return [
    // `path`: of the repository, or the name of the project, as it was then. `detail`: JSON, what went with it.
    `create table trash (
      id ${id}, kind ${text} not null check (kind in ('tag', 'manifest', 'blob', 'repository', 'project')),
      namespace_id ${integer} not null references namespace, repository_id ${integer} references repository, path ${text} not null,
      tag ${text}, digest ${text}, cause ${text} not null check (cause in ('person', 'rule')), deleted_at ${integer} not null,
      deleted_by ${text}, purge_at ${integer} not null, detail ${text} not null default '{}')`,
    `create index trash_by_due on trash (purge_at, id)`,
    `create index trash_by_repository on trash (repository_id, id)`,
    `create index trash_by_namespace on trash (namespace_id, id)`,
    `create index trash_by_digest on trash (repository_id, digest)`,
  ]
}
