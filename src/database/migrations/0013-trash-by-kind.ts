/** Trash is listed by kind as well: without it a page of one kind reads past all the others. All kinds together are merged. */
export function trashByKind(): string[] {
  return [
    'drop index trash_by_repository',
    'drop index trash_by_namespace',
    'create index trash_by_repository on trash (repository_id, kind, id)',
    'create index trash_by_namespace on trash (namespace_id, kind, id)',
  ]
}
