import { z } from 'zod'
import { RegistryError } from '../oci/index.ts'
import { Problem } from './problem.ts'
import { defineRoute, type Route } from './route.ts'

export interface Boat {
  readonly name: string
  length: number
}

export const boats = new Map<string, Boat>()
/** How often a route changed something. */
export const changes = { count: 0 }
const name = z.string().regex(/^[a-z]{1,10}$/)
const boat = z.object({ name, length: z.number() })
const params = z.object({ project: name, boat: name })
const found = (key: string): Boat => {
  const boat = boats.get(key)
  if (boat === undefined) throw new Problem('not-found')
  return boat
}
const place = ({ project }: { readonly project: string }) => ({ project })

/** Routes of every kind, over boats. */
export const boatRoutes: readonly Route[] = [
  defineRoute({
    id: 'listBoats',
    method: 'GET',
    path: '/projects/{project}/boats',
    summary: 'Boats.',
    needs: 'boat.read',
    place,
    params: z.object({ project: name }),
    query: z.object({ longer: z.coerce.number().optional() }),
    status: 200,
    reply: boat,
    list: true,
    async handle({ page: { limit, after = '' }, query: { longer = 0 } }) {
      const items = [...boats.values()].filter((each) => each.name > after && each.length > longer)
      const shown = items.slice(0, limit).map((each) => ({ ...each, secret: 'hash' }))
      return { items: shown, next: items.length > limit ? shown.at(-1)?.name : undefined }
    },
  }),
  defineRoute({
    id: 'createBoat',
    method: 'POST',
    path: '/projects/{project}/boats',
    summary: 'A new boat.',
    needs: 'boat.write',
    place,
    params: z.object({ project: name }),
    body: z.object({ name, length: z.number().positive() }),
    status: 201,
    reply: boat,
    location: ({ name }, { project }) => `/projects/${project}/boats/${name}`,
    async handle({ body }) {
      if (boats.has(body.name)) throw Object.assign(new Error('the name is taken'), { code: 'NAME_TAKEN', status: 409, field: 'name' })
      changes.count++
      boats.set(body.name, { ...body })
      return body
    },
  }),
  defineRoute({
    id: 'getBoat',
    method: 'GET',
    path: '/projects/{project}/boats/{boat}',
    summary: 'A boat.',
    needs: 'boat.read',
    place,
    params,
    status: 200,
    reply: boat,
    handle: async ({ params: { boat } }) => found(boat),
  }),
  defineRoute({
    id: 'updateBoat',
    method: 'PATCH',
    path: '/projects/{project}/boats/{boat}',
    summary: 'Changes a boat.',
    needs: 'boat.write',
    place,
    params,
    body: z.object({ length: z.number() }),
    status: 200,
    reply: boat,
    current: async ({ params: { boat } }) => found(boat),
    async handle({ params: { boat }, body: { length } }) {
      changes.count++
      return Object.assign(found(boat), { length })
    },
  }),
  defineRoute({
    id: 'deleteBoat',
    method: 'DELETE',
    path: '/projects/{project}/boats/{boat}',
    summary: 'Sinks a boat.',
    needs: 'boat.write',
    place,
    params,
    status: 204,
    async handle({ params: { boat } }) {
      changes.count++
      boats.delete(boat)
    },
  }),
  defineRoute({
    id: 'tow',
    method: 'DELETE',
    path: '/projects/{project}/boat',
    summary: 'Tows a boat away.',
    needs: 'boat.write',
    place: ({ project }, { path }) => ({ project, repository: path }),
    params: z.object({ project: name }),
    query: z.object({ path: name }),
    status: 204,
    async handle({ query: { path } }) {
      changes.count++
      boats.delete(path)
    },
  }),
  defineRoute({ id: 'sweep', method: 'POST', path: '/sweep', summary: 'Sweeps.', needs: 'job.run', status: 204, handle: async () => void changes.count++ }),
  defineRoute({ id: 'me', method: 'GET', path: '/me', summary: 'Me.', needs: 'own', status: 200, reply: z.object({ name: z.string() }), handle: async ({ caller }) => ({ name: caller.identity ?? '' }) }),
  defineRoute({ id: 'key', method: 'PUT', path: '/me/password', summary: 'Mine.', needs: 'new-password', body: z.object({ to: z.string() }), status: 204, handle: async () => void changes.count++ }),
  defineRoute({
    id: 'broken',
    method: 'GET',
    path: '/broken/{how}',
    summary: 'Fails.',
    needs: 'boat.read',
    params: z.object({ how: z.string() }),
    status: 204,
    async handle({ params: { how } }) {
      if (how === 'busy') throw new RegistryError('UNAVAILABLE')
      throw new Error('column password_hash of account')
    },
  }),
]
