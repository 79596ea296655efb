import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import { z } from 'zod'
import { root } from './api.ts'
import { pageSize } from './paging.ts'
import type { Route } from './route.ts'

const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('What programs tell problems apart by: it does not change.'),
    detail: z.string().describe('What happened and what to do next, for a person.'),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
    request: z.string().optional().describe('The id under which the log of the server has more.'),
  })
  .describe('A refusal (RFC 9457).')

/** The routes as an OpenAPI 3.1 document: what docs/openapi.json holds. */
export function describeRoutes(routes: readonly Route[]): object {
  const app = new OpenAPIHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'basic', { type: 'http', scheme: 'basic' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.register('Problem', problem)
  for (const route of routes) app.openAPIRegistry.registerPath(createRoute(configOf(route)))
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Berth', version: '1', license: { name: 'Apache-2.0' } },
    security: [{ basic: [] }, { bearer: [] }],
  })
}

function configOf(route: Route): RouteConfig & { readonly path: string } {
  const { id, method, path, summary, needs, params, body } = route
  const query = route.list ? (route.query ?? z.object({})).extend(paging) : route.query
  return {
    operationId: id,
    method: method.toLowerCase() as RouteConfig['method'],
    path: `${root}${path}`,
    summary,
    'x-needs': needs,
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      [route.status]: successOf(route),
      default: { description: 'Refused.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  }
}

const paging = {
  limit: z.int().min(1).optional().describe(`Items of a page: ${pageSize.preset} unless it says otherwise, ${pageSize.most} at most.`),
  cursor: z.string().optional().describe('`next` of the page before.'),
}

function successOf({ list, stream, reply, status }: Route): RouteConfig['responses'][string] {
  if (status === 204 || reply === undefined) return { description: 'Done.' }
  if (stream) return { description: 'Server-sent events, the data of each as JSON.', content: { 'text/event-stream': { schema: z.string() } } }
  const schema = list ? z.object({ items: z.array(reply), next: z.string().optional().describe('Absent on the last page.') }) : reply
  return { description: 'Done.', content: { 'application/json': { schema } } }
}
