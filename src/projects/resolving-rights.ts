import { formatRobotName, parseRobotName, type Place, type Rights } from '../access/index.ts'
import { andThen, type Soon } from '../lib/index.ts'
import type { Aliases } from './aliases.ts'

/**
 * The same rights, asked by names that projects had before as well: for the management API, which addresses by name all that people
 * and their scripts have written down. What comes after it knows a project by its present name alone, so whoever may not see a project
 * does not learn from its old name that there is one.
 */
export function resolvingRights(rights: Rights, { resolve, project }: Aliases): Rights {
  const place = (at: Place): Soon<Place> => {
    const { repository, project: named } = at
    if (repository !== undefined) return andThen(resolve(repository), (present) => ({ ...at, repository: present }))
    return named === undefined ? at : andThen(project(named), (present) => ({ ...at, project: present }))
  }
  /** A robot of a project has its project's name in its own. */
  const login = async (who: string | undefined): Promise<string | undefined> => {
    const robot = who === undefined ? undefined : parseRobotName(who)
    return robot?.project === undefined ? who : formatRobotName(await project(robot.project), robot.name)
  }
  return Object.freeze<Rights>({
    decide: (principal, permission, at, address) => andThen(place(at), (present) => rights.decide(principal, permission, present, address)),
    holds: (principal, permission, at) => andThen(place(at), (present) => rights.holds(principal, permission, present)),
    barredFrom: (principal, address) => rights.barredFrom(principal, address),
    isPublic: (repository) => andThen(resolve(repository), (present) => rights.isPublic(present)),
    projectOf: (name) => andThen(project(name), (present) => rights.projectOf(present)),
    listScope: (principal, permission, address) => rights.listScope(principal, permission, address),
    explain: async (who, permission, at, address) => await rights.explain(await login(who), permission, await place(at), address),
  })
}
