import { z } from 'zod'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { Covers } from '../grants/covers.ts'
import { isPermission } from '../permissions.ts'
import type { Rights } from '../rights/rights.ts'
import {
  actorOf,
  cut,
  decidedOn,
  existing,
  expiresInShape,
  granterOf,
  nameShape,
  optionalTime,
  pageByName,
  paramsOf,
  patternShape,
  permissionShape,
  placeOf,
  principalOf,
  projectSeenBy,
  timeOf,
  timeShape,
} from '../route-shapes.ts'
import type { Robot, RobotMaker, RobotRight, Robots } from './robots.ts'

export interface RobotRoutesDeps {
  readonly covers: Covers
  readonly robots: Robots
  readonly rights: Rights
  readonly clock: Clock
  readonly projectName: (id: number) => Promise<string | undefined>
}

const rightSchema = z.object({
  project: nameShape.optional().describe('Absent: the whole system.'),
  pattern: patternShape.optional().describe('Repositories below the project; absent for all.'),
  permissions: z.array(permissionShape).min(1).max(64),
})

const robotSchema = z
  .object({
    name: z.string(),
    login: z.string().describe('The user name that it logs in with.'),
    description: z.string().optional(),
    state: z.enum(['active', 'disabled']),
    createdAt: timeShape,
    createdBy: z.string().optional(),
    expiresAt: timeShape.optional(),
    lastUsedAt: timeShape.optional(),
  })
  .meta({ id: 'Robot' })

const robotWithRights = robotSchema.extend({ rights: z.array(rightSchema) }).meta({ id: 'RobotWithRights' })
const newRobot = robotSchema.extend({ secret: z.string().describe('Shown this once.') }).meta({ id: 'NewRobot' })

const shown = ({ createdAt, expiresAt, lastUsedAt, ...rest }: Robot) => ({
  ...rest,
  createdAt: timeOf(createdAt),
  expiresAt: optionalTime(expiresAt),
  lastUsedAt: optionalTime(lastUsedAt),
})

const description = z.string().max(1000)
const rights = z.array(rightSchema.strict()).min(1).max(100)

/** Of projects, and the same for robots of the system. */
export function robotRoutes(deps: RobotRoutesDeps): Route[] {
  return [true, false].flatMap((inProject) => [...readingRoutes(deps, inProject), ...changingRoutes(deps, inProject), ...secretRoutes(deps, inProject)])
}

const named = (inProject: boolean) => ({
  prefix: inProject ? '/projects/{project}' : '',
  of: inProject ? '' : 'System',
  all: paramsOf(inProject, {}),
  one: paramsOf(inProject, { robot: nameShape }),
  where: inProject ? 'of a project' : 'of the system',
})

async function withRights({ robots, projectName }: RobotRoutesDeps, robot: Robot) {
  const found = await robots.rightsOf(robot.id)
  const read = async ({ project, path, permissions }: (typeof found)[number]) => ({
    project: project === undefined ? undefined : await projectName(project),
    pattern: path,
    permissions: permissions.filter(isPermission),
  })
  return { ...shown(robot), rights: await Promise.all(found.map(read)) }
}

function readingRoutes(deps: RobotRoutesDeps, inProject: boolean): Route[] {
  const { robots, rights } = deps
  const { prefix, of, all, one, where } = named(inProject)
  return [
    defineRoute({
      id: `list${of}Robots`,
      method: 'GET',
      path: `${prefix}/robots`,
      summary: `The robots ${where}, by name.`,
      needs: 'robot.read',
      place: placeOf,
      params: all,
      status: 200,
      reply: robotSchema,
      list: true,
      handle: async ({ params: { project }, page }) => {
        const found = await robots.list(await decidedOn(rights, project), pageByName(page))
        return cut(found, page.limit, ({ name }) => name, shown)
      },
    }),
    defineRoute({
      id: `get${of}Robot`,
      method: 'GET',
      path: `${prefix}/robots/{robot}`,
      summary: `A robot ${where}, with what it may do.`,
      needs: 'robot.read',
      place: placeOf,
      params: one,
      status: 200,
      reply: robotWithRights,
      handle: async ({ params: { project, robot } }) => await withRights(deps, existing(await robots.find(await decidedOn(rights, project), robot))),
    }),
  ]
}

/** What a robot gets, in the projects that its maker may see; whether the maker may give it is asked by the service. */
async function rightsOf(deps: RobotRoutesDeps, caller: Caller, wanted: readonly z.output<typeof rightSchema>[]): Promise<RobotRight[]> {
  const place = async (project: string | undefined) => {
    if (project === undefined) return undefined
    const facts = await projectSeenBy(deps.rights, caller, project)
    if (facts === undefined) throw new Problem('rejected', { errors: [{ at: '/rights', message: `there is no project ${project}` }] })
    return facts
  }
  return await Promise.all(
    wanted.map(async ({ project, pattern = '*', permissions }) => ({ project: await place(project), path: pattern, permissions })),
  )
}

function makerOf({ rights }: RobotRoutesDeps, caller: Caller): RobotMaker {
  const principal = principalOf(caller)
  return { actor: actorOf(caller), mayGrant: (permission, at) => rights.holds(principal, permission, at) }
}

function changingRoutes(deps: RobotRoutesDeps, inProject: boolean): Route[] {
  const { robots, rights: decided, clock } = deps
  const { prefix, of, one, where } = named(inProject)
  const current = async ({ params: { project, robot } }: { readonly params: { readonly project?: string | undefined; readonly robot: string } }) =>
    robotWithRights.parse(await withRights(deps, existing(await robots.find(await decidedOn(decided, project), robot))))
  return [
    defineRoute({
      id: `update${of}Robot`,
      method: 'PATCH',
      path: `${prefix}/robots/{robot}`,
      summary: `Changes a robot ${where}: what it is for, when it ends, whether it may do anything, and what; null takes away.`,
      needs: 'robot.write',
      place: placeOf,
      params: one,
      body: z.object({
        description: description.nullable().optional(),
        state: z.enum(['active', 'disabled']).optional(),
        expiresIn: expiresInShape.nullable().optional(),
        rights: rights.optional(),
      }),
      status: 200,
      reply: robotWithRights,
      current,
      handle: async ({ caller, params: { project, robot }, body: { expiresIn, rights, ...rest } }) => {
        if (rest.state === 'active' || expiresIn !== undefined) await checkCovered(deps, caller, project, robot)
        const change = {
          ...rest,
          expiresAt: typeof expiresIn === 'number' ? clock.now() + expiresIn * 1000 : expiresIn,
          rights: rights && (await rightsOf(deps, caller, rights)),
        }
        return await withRights(deps, await robots.update(makerOf(deps, caller), await decidedOn(decided, project), robot, change))
      },
    }),
    defineRoute({
      id: `delete${of}Robot`,
      method: 'DELETE',
      path: `${prefix}/robots/{robot}`,
      summary: `Deletes a robot ${where}.`,
      needs: 'robot.write',
      place: placeOf,
      params: one,
      status: 204,
      current,
      handle: async ({ caller, params: { project, robot } }) => await robots.remove(actorOf(caller), await decidedOn(decided, project), robot),
    }),
  ]
}

/** What keeps a robot going, or lets it begin again, is for who has what it has. */
async function checkCovered({ robots, rights, covers }: RobotRoutesDeps, caller: Caller, project: string | undefined, robot: string): Promise<void> {
  const { id } = existing(await robots.find(await decidedOn(rights, project), robot))
  await covers.check(granterOf(caller), { kind: 'robot', id })
}

const longestOverlap = 7 * 86_400

function secretRoutes(deps: RobotRoutesDeps, inProject: boolean): Route[] {
  const { robots, rights: decided, clock } = deps
  const { prefix, of, all, one, where } = named(inProject)
  return [
    defineRoute({
      id: `create${of}Robot`,
      method: 'POST',
      path: `${prefix}/robots`,
      summary: `Makes a robot ${where}. It gets no more than its maker has.`,
      needs: 'robot.write',
      place: placeOf,
      params: all,
      body: z.object({ name: nameShape, description: description.optional(), expiresIn: expiresInShape.optional(), rights }),
      status: 201,
      reply: newRobot,
      location: ({ name }, { project }) => (project === undefined ? `/robots/${name}` : `/projects/${project}/robots/${name}`),
      handle: async ({ caller, params: { project }, body: { name, description, expiresIn, rights } }) => {
        const expiresAt = expiresIn === undefined ? undefined : clock.now() + expiresIn * 1000
        const wanted = { name, description, expiresAt, rights: await rightsOf(deps, caller, rights) }
        const { robot, secret } = await robots.create(makerOf(deps, caller), await decidedOn(decided, project), wanted)
        return { ...shown(robot), secret }
      },
    }),
    defineRoute({
      id: `rotate${of}Robot`,
      method: 'POST',
      path: `${prefix}/robots/{robot}/rotate`,
      summary: `Gives a robot ${where} that may no more than the caller a new secret. Those it has go on for \`overlap\` seconds.`,
      needs: 'robot.write',
      place: placeOf,
      params: one,
      body: z.object({ overlap: z.int().min(0).max(longestOverlap).default(0) }),
      status: 200,
      reply: z.object({ secret: z.string().describe('Shown this once.'), oldSecretsEndAt: timeShape }).meta({ id: `Rotated${of}Robot` }),
      handle: async ({ caller, params: { project, robot }, body: { overlap } }) => {
        await checkCovered(deps, caller, project, robot)
        const { secret, until } = await robots.rotate(actorOf(caller), await decidedOn(decided, project), robot, overlap * 1000)
        return { secret, oldSecretsEndAt: timeOf(until) }
      },
    }),
  ]
}
