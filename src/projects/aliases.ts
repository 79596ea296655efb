import type { RightsVersion } from '../access/index.ts'
import type { Database } from '../database/index.ts'
import type { Soon } from '../lib/index.ts'
import { namespaceOf, parseRepositoryName, type RepositoryName } from '../oci/index.ts'
import { presentName } from './project-store.ts'

export interface Aliases {
  /**
   * The name under which a repository is now: another one where its project was renamed and nothing has taken the old name. Says
   * nothing about whether there is such a repository; who may do what is decided for the answer.
   * @throws RegistryError `UNAVAILABLE` when it cannot be told
   */
  readonly resolve: (name: RepositoryName) => Soon<RepositoryName>
  /**
   * The same for a project's name alone.
   * @throws RegistryError `UNAVAILABLE` when it cannot be told
   */
  readonly project: (name: string) => Soon<string>
}

/** When there are more, all are forgotten: an order of their use would cost every request more than the name does. */
const namesInMemory = 10_000

export function createAliases(database: Database, rightsVersion: Pick<RightsVersion, 'current'>): Aliases {
  /** By the name of a project: the one that it has now. */
  const names = new Map<string, string>()
  let seen: number | undefined

  async function read(project: string, version: number): Promise<string> {
    const name = (await database.one(presentName, project))?.name ?? project
    if (names.size >= namesInMemory) names.clear()
    if (seen === version) names.set(project, name)
    return name
  }

  function presentAt(version: number, project: string): Soon<string> {
    if (seen !== version) names.clear()
    seen = version
    return names.get(project) ?? read(project, version)
  }

  function present(project: string): Soon<string> {
    const version = rightsVersion.current()
    return version instanceof Promise ? version.then((known) => presentAt(known, project)) : presentAt(version, project)
  }

  return Object.freeze<Aliases>({
    resolve: (name) => {
      const project = namespaceOf(name)
      const renamed = (now: string): RepositoryName => (now === project ? name : (underName(now, name.slice(project.length)) ?? name))
      const now = present(project)
      return now instanceof Promise ? now.then(renamed) : renamed(now)
    },
    project: present,
  })
}

/** Absent where it would be too long: nothing can be there, and to say so would tell of a project that the asker may not see. */
function underName(project: string, rest: string): RepositoryName | undefined {
  return project.length + rest.length > longestName ? undefined : parseRepositoryName(`${project}${rest}`)
}

/** Characters of the name of a repository. */
const longestName = 255
