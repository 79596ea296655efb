import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Soon } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { admit, type Admission } from './admit.ts'
import { streamOfEvents } from './event-stream.ts'
import { createDecided } from './decided.ts'
import { entityTag, matches } from './entity-tag.ts'
import { clampLimit, nextLink, type Page, readCursor, writeCursor } from './paging.ts'
import { Problem, problemDocument, problemOf } from './problem.ts'
import { type ReadBody, readJson } from './read-json.ts'
import type { AnyCall, Caller, Route } from './route.ts'
import { parseBody, parseParams, parseQuery } from './validate.ts'

export interface ApiDeps extends Admission {
  readonly routes: readonly Route[]
  /** What an error that is no refusal means, such as a database that is away. */
  readonly failureOf: (error: unknown) => Problem | undefined
  readonly logger: Logger
  /** The version of rights, as the database has it: what is decided from now on is decided under this one or a later one. */
  readonly rightsVersion: () => Soon<number>
  /** openapi.json, for whoever asks. */
  readonly document: () => Promise<string>
}

/** What the server knows of a request beside itself. */
export interface RequestContext {
  readonly id: string
  /** Who sent it. Fails with what `problemOf` knows for a credential that is no good. */
  readonly enter: () => Soon<Caller>
  /** `WWW-Authenticate` of a 401. */
  readonly challenge: () => string
  readonly readBody: ReadBody
}

export interface ApiAnswer {
  readonly response: Response
  /** For the log: who asked, and the code of the problem answered with. */
  readonly identity: string | undefined
  readonly code: string | undefined
}

/** The management API as a value: it needs no port. */
export interface Api {
  /** Answers one request to a path below `root`; never fails. */
  fetch(request: Request, context: RequestContext): Promise<ApiAnswer>
}

/** Of answers that go on. */
export const eventStreamType = 'text/event-stream'

/** Where the API is. */
export const root = '/api/v1'

interface Asked extends RequestContext {
  /** Runs what changes something, again where rights have moved meanwhile. */
  readonly decided: ReturnType<typeof createDecided>
  /** The same for the steps of such a change. They have turns of their own: it may have its turn while they wait for theirs. */
  readonly decidedStep: ReturnType<typeof createDecided>
  identity: string | undefined
  code: string | undefined
}

type Env = { readonly Bindings: Asked }

export function createApi(deps: ApiDeps): Api {
  const app = new Hono<Env>({ strict: true })
  const [decided, decidedStep] = [createDecided(deps.rightsVersion), createDecided(deps.rightsVersion)]
  for (const route of deps.routes) app.on(route.method, honoPath(route), (context) => answer(route, context, deps))
  for (const [path, methods] of methodsByPath(deps.routes)) {
    app.all(path, () => {
      throw new Problem('method-not-allowed', { headers: { allow: methods.join(', ') } })
    })
  }
  app.get(`${root}/openapi.json`, async () => textOf(200, await deps.document(), {}, 'application/json'))
  app.notFound(() => {
    throw new Problem('not-found', { detail: `nothing is at this address; the API is described at ${root}/openapi.json` })
  })
  app.onError((error, { env }) => refuse(error, env, deps))

  return Object.freeze({
    async fetch(request: Request, context: RequestContext): Promise<ApiAnswer> {
      const asked: Asked = { ...context, readBody: onlyOnce(context.readBody), decided, decidedStep, identity: undefined, code: undefined }
      // Whoever writes the answer out leaves its body away.
      const seen = request.method === 'HEAD' ? new Request(request.url, { headers: request.headers }) : request
      const response = await app.fetch(seen, asked)
      return { response, identity: asked.identity, code: asked.code }
    },
  })
}

function honoPath({ path }: Route): string {
  return `${root}${path.replace(/\{(\w+)\}/g, ':$1')}`
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const route of routes) {
    const methods = found.get(honoPath(route)) ?? []
    methods.push(...(route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
    found.set(honoPath(route), methods)
  }
  return found
}

/** What is decided anew reads the same body. */
function onlyOnce(read: ReadBody): ReadBody {
  let body: ReturnType<ReadBody> | undefined
  return (limit) => (body ??= read(limit))
}

async function answer(route: Route, context: Context<Env>, deps: ApiDeps): Promise<Response> {
  if (route.method === 'GET') return await answerUnder(undefined, route, context, deps)
  return await context.env.decided((decidedAt) => answerUnder(decidedAt, route, context, deps))
}

/** The way of every operation. Nothing is read of the body and nothing looked up before the caller may do it. */
async function answerUnder(decidedAt: number | undefined, route: Route, { req, env }: Context<Env>, deps: ApiDeps): Promise<Response> {
  const letIn = async (at = decidedAt) => {
    const entered = await env.enter()
    const caller = at === undefined ? entered : { ...entered, decidedAt: at }
    env.identity = caller.identity
    return { caller, params: await admit(route, caller, { params: parseParams(route, req.param()), query: req.query() }, deps) }
  }
  const admitted = await letIn()
  if (route.method !== 'GET' && isCrossSite(req.raw.headers)) throw new Problem('cross-site')
  const { limit, cursor, ...rest } = req.query()
  const page = { limit: clampLimit(route.list ? limit : undefined), after: readCursor(route.list ? cursor : undefined) }
  const query = parseQuery(route, route.list ? rest : req.query())
  const body = route.body === undefined ? {} : parseBody(route, await readJson(req.header('content-type') ?? null, env.readBody))
  // A body may come slowly on purpose: by its end the caller may have lost the right, or the name may be another project's.
  const { caller, params } = route.body === undefined ? admitted : await letIn()
  const decideStep: AnyCall['decideStep'] = (step) => env.decidedStep(async (at) => await step((await letIn(at)).caller))
  const asked = { caller, params, query, body, page, lastEvent: lastEventOf(req.raw.headers) }
  const call: AnyCall = { ...asked, matched: undefined, decideStep, stillAllowed: () => succeeds(letIn) }
  const matched = await matchedBy(req.header('if-match'), route, call)
  const result = await route.handle({ ...call, matched })
  if (route.stream) return streamed(result as Parameters<typeof streamOfEvents>[0])
  return route.list ? listed(route, result as Page<unknown>, new URL(req.url), limitOf(call)) : single(route, result, call, req.raw)
}

/** Whether nobody refuses. Fails with what is no refusal, such as a database that is away. */
async function succeeds(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch (error) {
    if (problemOf(error) === undefined) throw error
    return false
  }
}

/** What is none of ours begins at the beginning: whoever lost a stream of another server has to get something. */
function lastEventOf(headers: Headers): number | undefined {
  const text = headers.get('last-event-id')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function streamed(events: Parameters<typeof streamOfEvents>[0]): Response {
  // nginx would collect them.
  const headers = { 'content-type': eventStreamType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  return new Response(streamOfEvents(events), { status: 200, headers })
}

const limitOf = ({ page }: AnyCall): number => page.limit

async function matchedBy(ifMatch: string | undefined, { current }: Route, call: AnyCall): Promise<unknown> {
  if (ifMatch === undefined || current === undefined) return undefined
  const present = await current(call)
  if (!matches(ifMatch, entityTag(present))) throw new Problem('precondition-failed')
  return present
}

/**
 * The attacker: a page elsewhere, in a browser that remembers a Basic login and sends it along. Programs send no such headers; to plain HTTP
 * browsers send `Origin` alone, with whatever is no GET or HEAD.
 */
export function isCrossSite(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('origin')
  return origin !== null && URL.parse(origin)?.host !== headers.get('host')?.toLowerCase()
}

function listed({ reply }: Route, { items, next }: Page<unknown>, url: URL, limit: number): Response {
  const cursor = next === undefined ? undefined : writeCursor(next)
  const shown = reply === undefined ? items : items.map((item) => reply.parse(item))
  return json(200, { items: shown, ...(cursor === undefined ? {} : { next: cursor }) }, cursor === undefined ? {} : { link: nextLink(url, cursor, limit) })
}

function single(route: Route, result: unknown, { params }: AnyCall, { headers }: Request): Response {
  if (route.status === 204 || route.reply === undefined) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
  // Only what the schema names goes out: a row that gains a column does not become public by it.
  const shown = route.reply.parse(result)
  const etag = entityTag(shown)
  if (route.method === 'GET' && headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag, 'cache-control': 'no-store' } })
  return json(route.status, shown, { etag, ...(route.location === undefined ? {} : { location: `${root}${route.location(result, params)}` }) })
}

function json(status: number, body: unknown, headers: Record<string, string>, type = 'application/json'): Response {
  return textOf(status, JSON.stringify(body), headers, type)
}

function textOf(status: number, text: string, headers: Record<string, string>, type: string): Response {
  return new Response(text, { status, headers: { ...headers, 'content-type': type, 'cache-control': 'no-store' } })
}

/** The one place where an error becomes an answer. */
function refuse(error: unknown, env: Asked, { failureOf, logger }: ApiDeps): Response {
  const known = problemOf(error) ?? failureOf(error)
  if (known === undefined) logger.error('a request failed inside', { id: env.id, error })
  else if (known.status >= 500) logger.warn('a request could not be served', { id: env.id, code: known.code, error })
  const problem = known ?? new Problem('failed')
  env.code = problem.code
  const asksForLogin = problem.status === 401 ? { 'www-authenticate': env.challenge() } : {}
  return json(problem.status, problemDocument(problem, env.id), { ...problem.headers, ...asksForLogin }, 'application/problem+json')
}
