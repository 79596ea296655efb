import { z } from 'zod'
import { defineRoute, Problem, type Route } from '../../api/index.ts'
import type { Subject } from '../access-lock-store.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Groups } from '../groups/groups.ts'
import { parseRobotName } from '../name.ts'
import type { Rights } from '../rights/rights.ts'
import type { Robots } from '../robots/robots.ts'
import { cut, decidedOn, granterOf, idShape, nameShape, pageById, paramsOf, patternShape, placeOf, timeOf, timeShape } from '../route-shapes.ts'
import type { GrantEntry, Grants } from './grants.ts'

export interface GrantRoutesDeps {
  readonly grants: Grants
  readonly rights: Rights
  readonly accounts: Accounts
  readonly groups: Groups
  readonly robots: Robots
}

const subjectSchema = z.object({
  kind: z.enum(['account', 'group', 'robot']),
  name: z.string().max(160).describe('Of a robot: `robot$ci` or `team+robot$ci`.'),
})

const grantSchema = z
  .object({
    id: z.string(),
    subject: subjectSchema.extend({ name: z.string().optional().describe('Absent where there is nobody of it any more.') }),
    role: z.string(),
    pattern: z.string(),
    createdAt: timeShape,
    createdBy: z.string().optional(),
  })
  .meta({ id: 'Grant' })

const shown = ({ id, path, subject: { kind, name }, role, createdAt, createdBy }: GrantEntry) => ({
  id: String(id),
  subject: { kind, name },
  role,
  pattern: path,
  createdAt: timeOf(createdAt),
  createdBy,
})

/** In projects, and the same in the whole system. */
export function grantRoutes(deps: GrantRoutesDeps): Route[] {
  return [true, false].flatMap((inProject) => routesIn(deps, inProject))
}

function routesIn(deps: GrantRoutesDeps, inProject: boolean): Route[] {
  const { grants, rights } = deps
  const [prefix, of, where] = inProject ? ['/projects/{project}', '', 'in a project'] : ['', 'System', 'in the whole system']
  const body = z.object({ subject: subjectSchema.strict(), role: nameShape, pattern: patternShape.default('*') })
  return [
    defineRoute({
      id: `list${of}Grants`,
      method: 'GET',
      path: `${prefix}/grants`,
      summary: `Who has which role ${where}, in the order in which it was granted.`,
      needs: 'grant.read',
      place: placeOf,
      params: paramsOf(inProject, {}),
      status: 200,
      reply: grantSchema,
      list: true,
      handle: async ({ params: { project }, page }) => {
        const found = await grants.list(await decidedOn(rights, project), pageById(page))
        return cut(found, page.limit, ({ id }) => String(id), shown)
      },
    }),
    defineRoute({
      id: `add${of}Grant`,
      method: 'POST',
      path: `${prefix}/grants`,
      summary: `Gives somebody a role ${where}. Nobody gives more than they have.`,
      needs: 'grant.write',
      place: placeOf,
      params: paramsOf(inProject, {}),
      body,
      status: 201,
      reply: z.object({ id: z.string() }).meta({ id: `New${of}Grant` }),
      handle: async ({ caller, params: { project }, body: { subject, role, pattern } }) => {
        const where = await decidedOn(rights, project)
        const id = await grants.add(granterOf(caller), { project: where, path: pattern, subject: await subjectOf(deps, subject, project), role })
        return { id: String(id) }
      },
    }),
    defineRoute({
      id: `remove${of}Grant`,
      method: 'DELETE',
      path: `${prefix}/grants/{grant}`,
      summary: `Takes a role ${where} away.`,
      needs: 'grant.write',
      place: placeOf,
      params: paramsOf(inProject, { grant: idShape }),
      status: 204,
      handle: async ({ caller, params: { project, grant } }) =>
        await grants.remove(granterOf(caller), await decidedOn(rights, project), Number(grant)),
    }),
  ]
}

async function subjectOf(deps: GrantRoutesDeps, { kind, name }: z.output<typeof subjectSchema>, project: string | undefined): Promise<Subject> {
  const found = kind === 'robot' ? await robotOf(deps, name, project) : await (kind === 'account' ? deps.accounts : deps.groups).find(name)
  if (found === undefined) throw new Problem('rejected', { errors: [{ at: '/subject/name', message: `there is no such ${kind}` }] })
  return { kind, id: found.id }
}

/** A robot of another project can do nothing here, and whether there is one is not told. */
async function robotOf({ robots, rights }: GrantRoutesDeps, login: string, where: string | undefined) {
  const parsed = parseRobotName(login)
  if (parsed === undefined) return undefined
  if (parsed.project === undefined) return await robots.find(undefined, parsed.name)
  const project = await rights.projectOf(parsed.project)
  const isThere = project !== undefined && (where === undefined || project.id === (await decidedOn(rights, where))?.id)
  return isThere ? await robots.find(project, parsed.name) : undefined
}
