/**
 * With the kind in it: since trash is listed by kind, SQLite took that index to look something up by its digest, and read all that the
 * repository has of the kind.
 */
export function trashByDigest(): string[] {
  return ['drop index trash_by_digest', 'create index trash_by_digest on trash (repository_id, digest, kind)']
}
