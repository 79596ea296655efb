import type { Database } from '../../database/index.ts'
import type { Clock, Ids, Soon } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import { AccessError, invalid } from '../access-error.ts'
import type { NamePage } from '../accounts/accounts.ts'
import { formatRobotName, parseName } from '../name.ts'
import { formatPathPattern, parsePathPattern, type PathPattern } from '../path-pattern.ts'
import { isPermission, permissions as table, type Permission } from '../permissions.ts'
import { granted } from '../refusal.ts'
import type { Place } from '../rights/rights.ts'
import { hashSecret, newSecret } from '../secrets/secret.ts'
import { permissionsOfRobot, robotNamed, robotPage, type RobotRow } from './robot-store.ts'
import { changeRobot, createRobot, deleteRobot, rotateRobot, permissionOf, type RobotPermission } from './robot-transactions.ts'

/** A project, by its id and its present name. */
export interface RobotProject {
  readonly id: number
  readonly name: string
}

/** What a robot may do in one place. */
export interface RobotRight {
  /** Absent: in the whole system. */
  readonly project: RobotProject | undefined
  /** Repositories of the project, as people write a pattern; `*` for all. */
  readonly path: string
  readonly permissions: readonly Permission[]
}

export interface Robot {
  readonly id: number
  /** As it logs in: `robot$ci` or `team+robot$ci`. */
  readonly login: string
  readonly name: string
  readonly description: string | undefined
  readonly state: 'active' | 'disabled'
  readonly expiresAt: number | undefined
  readonly version: number
  readonly createdAt: number
  readonly createdBy: string | undefined
  readonly lastUsedAt: number | undefined
}

export interface NewRobot {
  readonly name: string
  readonly description?: string | undefined
  /** In ms since the epoch; absent: it does not end. */
  readonly expiresAt?: number | undefined
  readonly rights: readonly RobotRight[]
}

export interface RobotChange {
  /** What is absent stays; null removes it. */
  readonly description?: string | null | undefined
  readonly expiresAt?: number | null | undefined
  readonly state?: 'active' | 'disabled' | undefined
  readonly rights?: readonly RobotRight[] | undefined
}

/** Who makes or changes a robot, and whether that principal has a permission everywhere in a place: what a robot gets at most. */
export interface RobotMaker {
  readonly actor: EventActor
  mayGrant(permission: Permission, at: Place): Soon<boolean>
}

/**
 * Robots: of one project, which they can never leave, or of the whole system (`project` undefined). Whoever calls has been allowed to
 * by `Rights.decide`. Secrets are answered once and kept as hashes. Fails with AccessError: NOT_FOUND, EXISTS, NAME_INVALID, INVALID, WIDER,
 * TOO_MANY.
 */
export interface Robots {
  create(by: RobotMaker, project: RobotProject | undefined, robot: NewRobot): Promise<{ readonly robot: Robot; readonly secret: string }>
  find(project: RobotProject | undefined, name: string): Promise<Robot | undefined>
  /** In the order of their names. */
  list(project: RobotProject | undefined, page: NamePage): Promise<Robot[]>
  /** What it may do, with the ids of projects. */
  rightsOf(id: number): Promise<readonly { readonly project: number | undefined; readonly path: string; readonly permissions: readonly string[] }[]>
  update(by: RobotMaker, project: RobotProject | undefined, name: string, change: RobotChange): Promise<Robot>
  /** A further secret. Those it has go on for `overlap` ms; at most a week, 0 ends them now. */
  rotate(by: EventActor, project: RobotProject | undefined, name: string, overlap: number): Promise<{ readonly secret: string; readonly until: number }>
  remove(by: EventActor, project: RobotProject | undefined, name: string): Promise<void>
}

export interface RobotsDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

const longestOverlap = 7 * 24 * 3_600_000
const mostRights = 100
const longestDescription = 1_000

export function createRobots({ database, clock, ids }: RobotsDeps): Robots {
  const readers = robotReaders(database)

  async function get(project: RobotProject | undefined, name: string): Promise<Robot> {
    const robot = await readers.find(project, name)
    if (robot === undefined) throw new AccessError('NOT_FOUND')
    return robot
  }

  return Object.freeze<Robots>({
    ...readers,
    create: async (by, project, robot) => {
      if (parseName(robot.name) === undefined) throw new AccessError('NAME_INVALID', { field: 'name' })
      check(robot, clock.now())
      const { name, description, expiresAt } = robot
      const permissions = await grantable(by, project, robot.rights)
      const secret = newSecret('robot', ids)
      const input = { project: project?.id ?? null, name, description, expiresAt, permissions, secretHash: hashSecret(secret), actor: by.actor }
      granted(await database.transact(createRobot, input))
      return { robot: await get(project, name), secret }
    },
    update: async (by, project, name, { description, expiresAt, state, rights }) => {
      check({ description, expiresAt }, clock.now())
      const permissions = rights && (await grantable(by, project, rights))
      const input = { project: project?.id ?? null, name, description, expiresAt, state, permissions, actor: by.actor }
      granted(await database.transact(changeRobot, input))
      return await get(project, name)
    },
    rotate: async (actor, project, name, overlap) => {
      if (!(Number.isSafeInteger(overlap) && overlap >= 0 && overlap <= longestOverlap)) throw invalid('overlap', 'is not between 0 and a week')
      const secret = newSecret('robot', ids)
      const input = { project: project?.id ?? null, name, overlap, secretHash: hashSecret(secret), actor }
      const { until } = granted(await database.transact(rotateRobot, input))
      return { secret, until }
    },
    remove: async (actor, project, name) => {
      granted(await database.transact(deleteRobot, { project: project?.id ?? null, name, actor }))
    },
  })
}

function robotReaders(database: Database): Pick<Robots, 'find' | 'list' | 'rightsOf'> {
  return {
    find: async (project, name) => {
      const row = parseName(name) && (await database.one(robotNamed, project?.id ?? 0, name))
      return row && robotOf(row)
    },
    list: async (project, { after, limit }) => (await database.all(robotPage, project?.id ?? 0, after, limit)).map(robotOf),
    rightsOf: async (id) => (await database.all(permissionsOfRobot, id)).map(permissionOf).map(rightOf),
  }
}

function check({ description, expiresAt }: RobotChange, now: number): void {
  if ((description?.length ?? 0) > longestDescription) throw invalid('description', `has more than ${longestDescription} characters`)
  if (/[^\P{Cc}\n\t]/u.test(description ?? '')) throw invalid('description', 'has control characters')
  if (typeof expiresAt === 'number' && !(Number.isSafeInteger(expiresAt) && expiresAt > now)) throw invalid('expiresAt', 'is not in the future')
}

/** The rights as rows, when none of them leaves the robot's project and its maker has all of them. */
async function grantable(by: RobotMaker, project: RobotProject | undefined, rights: readonly RobotRight[]): Promise<RobotPermission[]> {
  if (rights.length > mostRights) throw invalid('rights', `has more than ${mostRights} entries`)
  const entries: RobotPermission[] = []
  for (const { project: where, path, permissions } of rights) {
    if (project !== undefined && where?.id !== project.id) throw new AccessError('WIDER', { message: 'a robot of a project has rights in that project only', field: 'rights' })
    const pattern = patternOf(where, path)
    for (const permission of permissions) {
      if (!isPermission(permission)) throw invalid('rights', 'names a permission that does not exist')
      if (where !== undefined && table[permission].scope === 'system') throw invalid('rights', `gives ${permission} in a project, where it does not count`)
      if (await by.mayGrant(permission, { project: where?.name })) continue
      throw new AccessError('WIDER', { message: `you do not have ${permission} there yourself`, field: 'rights' })
    }
    entries.push({ project: where?.id ?? null, ...pattern, permissions: [...new Set(permissions)] })
  }
  return entries
}

function patternOf(project: RobotProject | undefined, path: string): PathPattern {
  const pattern = parsePathPattern(path)
  if (pattern === undefined) throw invalid('rights', 'has a pattern of repositories that is not valid')
  if (project === undefined && path !== '*') throw invalid('rights', 'has a pattern of repositories without a project')
  return pattern
}

function rightOf({ project, permissions, ...pattern }: RobotPermission) {
  return { project: project ?? undefined, path: formatPathPattern(pattern), permissions }
}

function robotOf(row: RobotRow): Robot {
  return {
    id: row.id,
    login: formatRobotName(row.project ?? undefined, row.name),
    name: row.name,
    description: row.description ?? undefined,
    state: row.state,
    expiresAt: row.expires_at ?? undefined,
    version: row.version,
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}
