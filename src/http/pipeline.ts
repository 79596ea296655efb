import type { Clock, Ids } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import type { Actor, Registry } from '../registry/index.ts'
import { type Answer, errorAnswer } from './answer.ts'
import { type BodyWatch, declaredLength, discardRest, type Incoming } from './body.ts'
import { cachingPolicy } from './caching.ts'
import type { ClientOf } from './client-address.ts'
import { httpDate } from './http-date.ts'
import { answerOps, isOpsPath } from './ops.ts'
import type { Readiness } from './readiness.ts'
import { checkHead } from './request-head.ts'
import { createManifestMemory } from './manifest-memory.ts'
import { createRequestLimits, type RequestLimits, type RequestLimitsDeps } from './request-limits.ts'
import type { RequestMetrics, RunningRequest } from './request-metrics.ts'
import { parseTarget, type Target } from './target.ts'
import type { Api, Call } from './v2/call.ts'
import { handle } from './v2/handlers.ts'
import { matchPath } from './v2/match.ts'

export interface HttpDeps {
  readonly registry: Registry
  /** `manifests`: bytes of memory for all large manifests that are being pushed. */
  readonly limits: Api['limits'] & RequestLimitsDeps['limits'] & { readonly manifests: number }
  readonly logger: Logger
  readonly ids: Ids
  readonly clock: Clock
  /** What /readyz answers. */
  readonly readiness: Readiness
  readonly requestMetrics: RequestMetrics
  /** Whether anybody may pull anything: only then may shared caches keep what is pulled. */
  readonly anonymousMayPull: boolean
  /** Who is behind the peer of a connection. */
  readonly clientOf: ClientOf
}

/** The server as a value: it needs no port. */
export interface Http {
  /** Answers one request; never rejects. `peer` is the address at the other end, as the listener saw it. */
  fetch(request: Request, peer: string, watch?: BodyWatch): Promise<Response>
}

export function createHttp(deps: HttpDeps): Http {
  const { logger, ids, clock, requestMetrics, clientOf } = deps
  const { api, requestLimits } = boundedApi(deps)

  async function fetch(request: Request, peer: string, watch?: BodyWatch): Promise<Response> {
    const started = clock.monotonic()
    const id = ids.uuid()
    const { method } = request
    const target = parseTarget(request.url)
    const { address, proxyId } = clientOf(peer, request.headers)
    const actor: Actor = { identity: undefined, credential: undefined, address }
    const running = requestMetrics.begin()
    const overload = requestLimits.enter(address)
    const admitted = overload === undefined || isOpsPath(target.path)
    const answer = await (admitted
      ? answerTo({ request, actor, watch, id, target, running }, api, deps)
      : shed(requestLimits.shed(overload, address), { request, watch }))
    if (overload === undefined) requestLimits.leave(address)
    const response = respond(answer, method, id, clock)
    const bytes = answer.body === null || method === 'HEAD' ? 0 : answer.length
    const duration = clock.monotonic() - started
    running.end({ method, status: answer.status, received: declaredLength(request) ?? 0, sent: bytes, duration })
    // Under a flood the log must not be the next thing that there is too much of: the metrics count these, and a line sums them up.
    if (!admitted) return response
    logger.access({
      time: clock.now(),
      id,
      proxyId,
      method,
      path: readablePath(target.path),
      status: answer.status,
      bytes,
      duration,
      address,
      agent: request.headers.get('user-agent'),
      identity: actor.identity,
      code: answer.code,
    })
    return response
  }

  return Object.freeze({ fetch })
}

/** What handlers get, and what keeps requests within their limits. */
function boundedApi(deps: HttpDeps): { readonly api: Api; readonly requestLimits: RequestLimits } {
  const { registry, limits } = deps
  const requestLimits = createRequestLimits(deps)
  const manifestMemory = createManifestMemory(limits.manifests, () => requestLimits.shed('manifests'))
  return { api: Object.freeze({ registry, limits, manifestMemory, caching: cachingPolicy(deps.anonymousMayPull) }), requestLimits }
}

async function shed(error: RegistryError, incoming: Incoming): Promise<Answer> {
  await discardRest(incoming)
  return errorAnswer(error)
}

/** A request on its way, as the pipeline has it. */
interface Asked extends Pick<Call, 'request' | 'actor' | 'watch'> {
  readonly id: string
  readonly target: Target
  readonly running: RunningRequest
}

/** Never rejects: whatever goes wrong becomes an answer. */
async function answerTo(asked: Asked, api: Api, { readiness, logger }: HttpDeps): Promise<Answer> {
  const { request, actor, target, watch } = asked
  try {
    checkHead(request)
    const match = matchPath(target.path)
    if (match === undefined) return await answerOps(request.method, target.path, readiness)
    asked.running.is(match.shape)
    return await handle(api, match, request.method, { request, actor, name: match.name, last: match.last, query: target.query, watch })
  } catch (error) {
    const answer = failure(error, asked.id, logger)
    await discardRest(asked)
    return answer
  }
}

/** The one place where an error becomes an answer. What is not the caller's fault is logged with its cause. */
function failure(error: unknown, id: string, logger: Logger): Answer {
  if (error instanceof RegistryError && error.code !== 'UNKNOWN') {
    if (error.status >= 500) logger.warn('a request could not be served', { id, code: error.code, error })
    return errorAnswer(error)
  }
  logger.error('a request failed inside', { id, error })
  return errorAnswer(new RegistryError('UNKNOWN', { detail: { request: id } }))
}

function respond({ status, headers, body, length }: Answer, method: string, id: string, clock: Clock): Response {
  headers['docker-distribution-api-version'] = 'registry/2.0'
  headers['x-content-type-options'] = 'nosniff'
  headers['x-request-id'] = id
  // 204 has no length, and 304 would have that of the 200 (RFC 9110, sections 8.6 and 15.4.5).
  if (status !== 204 && status !== 304) headers['content-length'] = String(length)
  if (method !== 'HEAD') return new Response(body, { status, headers })
  // Bun adds Date to every answer but those to HEAD.
  headers['date'] = httpDate(clock.now())
  return new Response(null, { status, headers })
}

/** For the log: as a person would read it. The log escapes whatever comes out. */
function readablePath(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
