/**
 * Projects and repositories in the trash are found among much else that is there: a project by its id, those whose time has come by
 * that.
 */
export function discardedRooms(): string[] {
  return [
    `create unique index trash_of_project on trash (namespace_id) where kind = 'project'`,
    `create index trash_rooms_by_due on trash (purge_at, id) where kind in ('project', 'repository')`,
  ]
}
