import type { Database } from '../database/index.ts'
import type { RepositoryName } from '../oci/index.ts'
import { pathsBefore } from './repository-store.ts'
import type { UploadName, UploadNames } from './upload-name.ts'

export interface FindUploadNameDeps {
  readonly database: Database
  readonly names: UploadNames
}

/** A session that was begun here by this owner; one that was begun before the project was renamed goes on under either name. */
export async function findUploadName(
  { database, names }: FindUploadNameDeps,
  text: string,
  repository: RepositoryName,
  owner: string | undefined,
): Promise<UploadName | undefined> {
  const name = names.read(text, repository, owner)
  if (name !== undefined) return name
  for (const before of await pathsBefore(database, repository)) {
    const old = names.read(text, before as RepositoryName, owner)
    if (old !== undefined) return old
  }
  return undefined
}
