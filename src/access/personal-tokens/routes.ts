import { z } from 'zod'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { Rights } from '../rights/rights.ts'
import {
  actorOf,
  cut,
  expiresInShape,
  granterOf,
  idShape,
  nameShape,
  optionalTime,
  pageById,
  patternShape,
  permissionShape,
  principalOf,
  projectSeenBy,
  timeOf,
  timeShape,
} from '../route-shapes.ts'
import type { Token, Tokens } from './tokens.ts'

export interface TokenRoutesDeps {
  readonly tokens: Tokens
  readonly rights: Rights
  readonly clock: Clock
  readonly projectName: (id: number) => Promise<string | undefined>
}

const tokenSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['personal', 'key']).describe('key: lives for minutes.'),
    name: z.string(),
    permissions: z.array(z.string()).optional().describe('Absent: all that its owner may do.'),
    project: z.string().optional().describe('The only project it is good in.'),
    pattern: z.string().optional(),
    createdAt: timeShape,
    expiresAt: timeShape.optional(),
    lastUsedAt: timeShape.optional(),
  })
  .meta({ id: 'Token' })

/** Seconds that an API key lives unless it says otherwise. */
const keyLife = 15 * 60

const newToken = z.object({
  name: z.string().min(1).max(100),
  kind: z.enum(['personal', 'key']).default('personal'),
  permissions: z.array(permissionShape).min(1).max(64).optional(),
  project: nameShape.optional(),
  pattern: patternShape.optional(),
  expiresIn: expiresInShape.optional(),
})

export function tokenRoutes(deps: TokenRoutesDeps): Route[] {
  return [...ownRoutes(deps), ...othersRoutes(deps)]
}

function shownWith({ projectName }: TokenRoutesDeps) {
  return async ({ id, place, permissions, createdAt, expiresAt, lastUsedAt, ...rest }: Token) => ({
    ...rest,
    permissions: permissions && [...permissions],
    id: String(id),
    // A project that was deleted has no name: then the token is good nowhere.
    project: place && ((await projectName(place.project)) ?? ''),
    pattern: place?.path,
    createdAt: timeOf(createdAt),
    expiresAt: optionalTime(expiresAt),
    lastUsedAt: optionalTime(lastUsedAt),
  })
}

async function pageOf(deps: TokenRoutesDeps, owner: string, page: { readonly limit: number; readonly after: string | undefined }) {
  const { items, next } = cut(await deps.tokens.list(owner, pageById(page)), page.limit, ({ id }) => String(id), shownWith(deps))
  return { items: await Promise.all(items), next }
}

/** Where the token is good: in a project that its owner may see. */
async function placeOf({ rights }: TokenRoutesDeps, caller: Caller, { project, pattern }: z.output<typeof newToken>) {
  if (project === undefined) {
    if (pattern === undefined) return undefined
    throw new Problem('rejected', { errors: [{ at: '/pattern', message: 'says nothing without a project' }] })
  }
  const facts = await projectSeenBy(rights, caller, project)
  if (facts === undefined) throw new Problem('rejected', { errors: [{ at: '/project', message: 'there is no such project' }] })
  return { project: facts.id, path: pattern ?? '*' }
}

function ownRoutes(deps: TokenRoutesDeps): Route[] {
  const { tokens, clock } = deps
  return [
    defineRoute({
      id: 'listTokens',
      method: 'GET',
      path: '/tokens',
      summary: 'The tokens of the caller, in the order in which they were made.',
      needs: 'own',
      status: 200,
      reply: tokenSchema,
      list: true,
      handle: async ({ caller, page }) => await pageOf(deps, ownerOf(caller), page),
    }),
    defineRoute({
      id: 'createToken',
      method: 'POST',
      path: '/tokens',
      summary: 'Makes a token for the caller, who has to have logged in with the password.',
      needs: 'own-password',
      body: newToken,
      status: 201,
      reply: z.object({ id: z.string(), secret: z.string().describe('Shown this once.'), expiresAt: timeShape.optional() }).meta({ id: 'NewToken' }),
      location: ({ id }) => `/tokens/${id}`,
      handle: async ({ caller, body }) => {
        const { name, kind, permissions } = body
        const life = body.expiresIn ?? (kind === 'key' ? keyLife : undefined)
        const expiresAt = life === undefined ? undefined : clock.now() + life * 1000
        const place = await placeOf(deps, caller, body)
        const { id, secret } = await tokens.create(granterOf(caller), { name, kind, permissions, place, expiresAt })
        return { id: String(id), secret, expiresAt: optionalTime(expiresAt) }
      },
    }),
    defineRoute({
      id: 'deleteToken',
      method: 'DELETE',
      path: '/tokens/{token}',
      summary: 'Revokes a token of the caller.',
      needs: 'own',
      params: z.object({ token: idShape }),
      status: 204,
      handle: async ({ caller, params: { token } }) => await tokens.revoke(actorOf(caller), ownerOf(caller), Number(token)),
    }),
  ]
}

function ownerOf(caller: Caller): string {
  const { kind, name } = principalOf(caller)
  if (kind === 'robot') throw new Problem('forbidden', { detail: 'a robot has no tokens: rotate its secret' })
  return name
}

function othersRoutes(deps: TokenRoutesDeps): Route[] {
  return [
    defineRoute({
      id: 'listTokensOf',
      method: 'GET',
      path: '/accounts/{account}/tokens',
      summary: 'The tokens of an account.',
      needs: 'account.read',
      params: z.object({ account: nameShape }),
      status: 200,
      reply: tokenSchema,
      list: true,
      handle: async ({ params: { account }, page }) => await pageOf(deps, account, page),
    }),
    defineRoute({
      id: 'deleteTokenOf',
      method: 'DELETE',
      path: '/accounts/{account}/tokens/{token}',
      summary: 'Revokes a token of an account.',
      needs: 'account.write',
      params: z.object({ account: nameShape, token: idShape }),
      status: 204,
      handle: async ({ caller, params: { account, token } }) => await deps.tokens.revoke(actorOf(caller), account, Number(token)),
    }),
  ]
}
