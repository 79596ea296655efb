import { z } from 'zod'
import {
  actorOf,
  cut,
  decidedOn,
  type ListScope,
  nameShape,
  pageByName,
  placeOf,
  type Principal,
  principalOf,
  type ProjectFacts,
  type Rights,
  timeOf,
  timeShape,
} from '../access/index.ts'
import { type Caller, defineRoute, Problem, type Route } from '../api/index.ts'
import type { Project } from './project.ts'
import type { Projects } from './projects.ts'

export interface ProjectRoutesDeps {
  readonly projects: Projects
  readonly rights: Pick<Rights, 'decide' | 'projectOf' | 'listScope'>
  /** Projects in the scope by their names, those after `last`. */
  readonly visibleProjects: (scope: ListScope, last: string, limit: number) => Promise<readonly Project[]>
}

const visibility = z.enum(['public', 'internal', 'private'])
const params = z.object({ project: nameShape })

const projectSchema = z
  .object({
    name: z.string(),
    visibility: visibility.describe('public: anybody may pull; internal: whoever has an account; private: whoever was granted it.'),
    state: z.enum(['live', 'frozen', 'deleting']).describe('frozen: archived, to be read only.'),
    createdAt: timeShape,
  })
  .meta({ id: 'Project' })

const shown = ({ name, visibility, state, createdAt }: ProjectFacts | Project) => ({
  name,
  visibility,
  state,
  createdAt: timeOf(createdAt),
})

export function projectRoutes(deps: ProjectRoutesDeps): readonly Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)]
}

function readingRoutes(deps: ProjectRoutesDeps): Route[] {
  const { rights, visibleProjects } = deps
  return [
    defineRoute({
      id: 'listProjects',
      method: 'GET',
      path: '/projects',
      summary: 'The projects that the caller may see, by name.',
      needs: 'anybody',
      status: 200,
      reply: projectSchema,
      list: true,
      handle: async ({ caller, page }) => {
        if (caller.mustChange) throw new Problem('password-change-required')
        const scope = await rights.listScope(caller.principal as Principal | undefined, 'project.read', caller.address)
        const { after, limit } = pageByName(page)
        return cut(await visibleProjects(scope, after, limit), page.limit, ({ name }) => name, shown)
      },
    }),
    defineRoute({
      id: 'getProject',
      method: 'GET',
      path: '/projects/{project}',
      summary: 'A project.',
      needs: 'project.read',
      place: placeOf,
      params,
      status: 200,
      reply: projectSchema,
      handle: async ({ params: { project } }) => shown(await decidedOn(rights, project)),
    }),
  ]
}

function changingRoutes(deps: ProjectRoutesDeps): Route[] {
  const { projects, rights } = deps
  const current = async ({ params: { project } }: { readonly params: { readonly project: string } }) =>
    projectSchema.parse(shown(await decidedOn(rights, project)))
  return [
    defineRoute({
      id: 'createProject',
      method: 'POST',
      path: '/projects',
      summary: 'Makes a project. Who makes it becomes its administrator.',
      needs: 'project.create',
      body: z.object({ name: nameShape, visibility: visibility.default('private') }),
      status: 201,
      reply: projectSchema,
      location: ({ name }) => `/projects/${name}`,
      handle: async ({ caller, body }) => shown(await projects.create({ ...body, admin: adminOf(principalOf(caller)), actor: actorOf(caller) })),
    }),
    defineRoute({
      id: 'updateProject',
      method: 'PATCH',
      path: '/projects/{project}',
      summary: 'Changes who may see a project, archives it, or opens it again.',
      needs: 'project.update',
      place: placeOf,
      params,
      body: z.object({ visibility: visibility.optional(), state: z.enum(['live', 'frozen']).optional() }),
      status: 200,
      reply: projectSchema,
      current,
      handle: async ({ caller, params: { project }, body }) => {
        const { id } = await decidedOn(rights, project)
        return shown(await projects.change({ id, ...body, actor: actorOf(caller) }))
      },
    }),
    defineRoute({
      id: 'renameProject',
      method: 'POST',
      path: '/projects/{project}/rename',
      summary: 'Gives a project another name, which takes what making a project takes. The old one leads to it until another project takes it.',
      needs: 'project.update',
      place: placeOf,
      params,
      body: z.object({ name: nameShape }),
      status: 200,
      reply: projectSchema,
      current,
      handle: async ({ caller, params: { project }, body: { name } }) => {
        const { id } = await decidedOn(rights, project)
        await checkMayName(deps, caller)
        return shown(await projects.rename({ id, name, actor: actorOf(caller) }))
      },
    }),
    defineRoute({
      id: 'deleteProject',
      method: 'DELETE',
      path: '/projects/{project}',
      summary: 'Deletes a project; one that holds anything only with `force=true`.',
      needs: 'project.delete',
      place: placeOf,
      params,
      query: z.object({ force: z.enum(['true', 'false']).default('false') }),
      status: 204,
      current,
      handle: async ({ caller, params: { project }, query: { force } }) => {
        const { id } = await decidedOn(rights, project)
        await projects.remove({ id, force: force === 'true', actor: actorOf(caller) })
      },
    }),
  ]
}

/**
 * The attacker: who administers one project, and takes the name that another one had before for it. Whoever pulls by that name, which led
 * to the other one, would get the attacker's images.
 */
async function checkMayName({ rights }: ProjectRoutesDeps, caller: Caller): Promise<void> {
  const { allowed, rule } = await rights.decide(principalOf(caller), 'project.create', {}, caller.address)
  if (!allowed) throw new Problem('forbidden', { detail: `a new name takes project.create, as a new project does: ${rule}` })
}

function adminOf({ kind, id }: Principal) {
  return { kind, id }
}
