import type { RightsVersion } from '../access/index.ts'
import type { Database } from '../database/index.ts'
import { andThen, createLru, type Soon } from '../lib/index.ts'
import { namespaceOf, parseRepositoryName, type RepositoryName } from '../oci/index.ts'
import { presentName } from './project-store.ts'

export interface Aliases {
  /**
   * The name under which a repository is now: another one where its project was renamed and nothing has taken the old name. Says
   * nothing about whether there is such a repository; who may do what is decided for the answer.
   * @throws RegistryError `NAME_INVALID` when that name is too long, `UNAVAILABLE` when it cannot be told
   */
  readonly resolve: (name: RepositoryName) => Soon<RepositoryName>
}

const namesInMemory = 10_000

export function createAliases(database: Database, rightsVersion: RightsVersion): Aliases {
  /** By the name of a project: the one that it has now. */
  const names = createLru<string, string>({ capacity: namesInMemory })
  let seen: number | undefined

  async function read(project: string, version: number): Promise<string> {
    const name = (await database.one(presentName, project))?.name ?? project
    if (seen === version) names.set(project, name)
    return name
  }

  return Object.freeze<Aliases>({
    resolve: (name) =>
      andThen(rightsVersion.current(), (version) => {
        if (seen !== version) names.clear()
        seen = version
        const project = namespaceOf(name)
        return andThen(names.get(project) ?? read(project, version), (present) =>
          present === project ? name : parseRepositoryName(`${present}${name.slice(project.length)}`),
        )
      }),
  })
}
