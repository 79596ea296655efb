import {
  accountRoutes,
  addressRuleRoutes,
  type Covers,
  createCovers,
  createCustomRoles,
  createGrants,
  createRules,
  type CustomRoles,
  explainRoutes,
  grantRoutes,
  type Grants,
  groupRoutes,
  htpasswdRoutes,
  type Identities,
  isPermission,
  type ListScope,
  ownRoutes,
  type Principal,
  projectName,
  type Rights,
  robotRoutes,
  roleRoutes,
  type Rules,
  tagRuleRoutes,
  tokenRoutes,
} from './access/index.ts'
import { type Admission, type Api, type Caller, createApi, type Place, Problem, type Route } from './api/index.ts'
import { type Database, DatabaseError } from './database/index.ts'
import { collectionRoutes, collectKind } from './features/collection/index.ts'
import { historyRoutes } from './features/history/index.ts'
import { checkKind } from './features/integrity/index.ts'
import { createInventory, type Inventory, inventoryRoutes } from './features/inventory/index.ts'
import { jobRoutes, scheduleRoutes } from './features/jobs/index.ts'
import { trashRoutes } from './features/trash/index.ts'
import { countKind, createUsageReader, type UsageReader, usageRoutes } from './features/usage/index.ts'
import { createPlanDelete, type PlanDelete, planRoutes } from './features/plan-delete/index.ts'
import { createJobs, createSchedules, type Jobs, type Schedules } from './jobs/index.ts'
import { andThen, type Clock, type Soon } from './lib/index.ts'
import type { Logger } from './observe/index.ts'
import { namespaceOf, type RepositoryName } from './oci/index.ts'
import {
  type Aliases,
  createProjects,
  createRepositories,
  ProjectError,
  projectRoutes,
  repositoryRoutes,
  resolvingRights,
  visibleProjects,
  type Project,
  type ProjectErrorCode,
  type Projects,
  type Repositories,
} from './projects/index.ts'
import type { Registry } from './registry/index.ts'

/** What the management API works with. */
export interface ManagementDeps extends Pick<Identities, 'accounts' | 'groups' | 'robots' | 'tokens' | 'importHtpasswd'> {
  readonly database: Database
  readonly rights: Rights
  readonly grants: Grants
  readonly roles: CustomRoles
  readonly covers: Covers
  readonly rules: Rules
  readonly projects: Projects
  readonly repositories: Repositories
  readonly visibleProjects: (scope: ListScope, last: string, limit: number) => Promise<readonly Project[]>
  readonly projectName: (id: number) => Promise<string | undefined>
  /** Asked by former names of projects as well. */
  readonly registry: Registry
  readonly jobs: Jobs
  readonly schedules: Schedules
  readonly usage: UsageReader
  readonly inventory: Inventory
  readonly planDelete: PlanDelete
  readonly settings: ManagementSettings
  /** Aborted when the process is about to end. */
  readonly ending: AbortSignal
  readonly clock: Clock
}

/** Every route of the management API: the table that openapi.json, the client and the tests of access are made from. */
export function managementRoutes(deps: ManagementDeps): readonly Route[] {
  const { accounts, groups, roles, rights, covers } = deps
  return [
    ...ownRoutes(accounts),
    ...projectRoutes(deps),
    ...repositoryRoutes(deps),
    ...trashRoutes(deps),
    ...accountRoutes(accounts, covers),
    ...htpasswdRoutes(deps),
    ...groupRoutes(groups, covers),
    ...robotRoutes(deps),
    ...tokenRoutes(deps),
    ...roleRoutes(roles),
    ...grantRoutes(deps),
    ...tagRuleRoutes(deps),
    ...addressRuleRoutes(deps),
    ...explainRoutes(rights),
    ...historyRoutes(deps),
    ...jobRoutes(deps),
    ...collectionRoutes(deps),
    ...scheduleRoutes(deps),
    ...usageRoutes(deps),
    ...inventoryRoutes(deps),
    ...planRoutes(deps),
  ]
}

/** How long things stay, in ms. */
export interface ManagementSettings {
  /** How long a report of what runs in a cluster counts. */
  readonly inventoryRetention: number
  /** How long the children of what was deleted wait for a push that counts on them, and files for downloads. */
  readonly lease: number
  readonly drain: number
  /** How long what is deleted can be brought back; 0: not at all. */
  readonly retention: number
}

export interface ManagementApiDeps {
  readonly database: Database
  readonly identities: Identities
  /** Asked by former names of projects as well. */
  readonly registry: Registry
  /** Asked by canonical names. */
  readonly rights: Rights
  readonly aliases: Aliases
  /** As the database has it now: what `rights` remembers is no older when this answers. */
  readonly rightsVersion: () => Soon<number>
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ManagementSettings
  /** Aborted when the process is about to end: then answers that go on end. */
  readonly ending: AbortSignal
}

/** What can be asked for as a job. Who does it is in app.ts. */
export const jobKinds = [checkKind, collectKind, countKind]

/** The management API of a server. */
export function createManagementApi({ database, identities, registry, aliases, rightsVersion, clock, logger, settings, ending, ...deps }: ManagementApiDeps): Api {
  const rights = resolvingRights(deps.rights, aliases)
  const roles = createCustomRoles({ database, rights })
  const routes = managementRoutes({
    ...identities,
    database,
    rights,
    roles,
    covers: createCovers({ database, rights, roles, robots: identities.robots }),
    grants: createGrants({ database, rights, roles }),
    rules: createRules({ database }),
    projects: createProjects(database, settings.retention),
    repositories: createRepositories(database, settings.retention),
    visibleProjects: (...page) => visibleProjects(database, ...page),
    projectName: (id) => projectName(database, id),
    registry,
    jobs: createJobs({ database, kinds: jobKinds }),
    schedules: createSchedules({ database, kinds: jobKinds }),
    usage: createUsageReader(database),
    inventory: createInventory({ database, retention: settings.inventoryRetention }),
    planDelete: createPlanDelete({ database, clock }),
    settings,
    clock,
    ending,
  })
  const document = async (): Promise<string> => JSON.stringify((await import('../docs/openapi.json')).default)
  return createApi({ routes, ...admission(rights), rightsVersion, failureOf, document, logger })
}

/** How the API asks who may do what. */
function admission(rights: Rights): Admission {
  return Object.freeze({
    authorize: ({ principal, address }: Caller, permission: string, { project: named, repository }: Place) => {
      if (!isPermission(permission)) throw new Error(`a route needs ${permission}, which is no permission`)
      const place = repository === undefined ? { project: named } : { repository: repository as RepositoryName }
      const project = place.repository === undefined ? named : namespaceOf(place.repository)
      const decide = () => rights.decide(principal as Principal | undefined, permission, place, address)
      // Before it is decided: who asks may have made it through another process a moment ago.
      return project === undefined ? decide() : andThen(rights.projectOf(project), decide)
    },
    barred: ({ principal, address }: Caller) => (principal === undefined ? undefined : rights.barredFrom(principal as Principal, address)),
  })
}

const ofProjects: Readonly<Record<ProjectErrorCode, number>> = { unknown: 404, exists: 409, deleting: 409, 'in-trash': 409, 'not-empty': 409, name: 422, path: 422 }

/** What an error that is no refusal of its own means to the caller. */
function failureOf(error: unknown): Problem | undefined {
  if (error instanceof DatabaseError && (error.code === 'unavailable' || error.code === 'full')) return new Problem('unavailable', { cause: error })
  if (!(error instanceof ProjectError)) return undefined
  const { code, message } = error
  return code === 'unknown' ? new Problem('not-found') : new Problem({ code: `project-${code}`, status: ofProjects[code] }, { detail: message, cause: error })
}
