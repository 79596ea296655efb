import { andThen, type Clock, type Ids, type Soon } from '../lib/index.ts'
import type { AccessEntry, Logger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import { type Answer, errorAnswer } from './answer.ts'
import { type ApiDeps, boundedApi } from './bounded-api.ts'
import { type BodyWatch, declaredLength, discardRest, type Incoming } from './body.ts'
import type { ClientOf } from './client-address.ts'
import { answerOps, isOpsPath } from './ops.ts'
import type { Readiness } from './readiness.ts'
import { checkHead } from './request-head.ts'
import type { RunningRequest } from './request-metrics.ts'
import { respond } from './respond.ts'
import { parseTarget, type Target } from './target.ts'
import type { Api, Call } from './v2/call.ts'
import { handle } from './v2/handlers.ts'
import { matchPath } from './v2/match.ts'

export interface HttpDeps extends ApiDeps {
  readonly ids: Ids
  /** What /readyz answers. */
  readonly readiness: Readiness
  /** Who is behind the peer of a connection. */
  readonly clientOf: ClientOf
}

/** The server as a value: it needs no port. */
export interface Http {
  /** Answers one request; never fails. `peer` is the address at the other end, as the listener saw it. */
  fetch(request: Request, peer: string, watch?: BodyWatch): Soon<Response>
}

export function createHttp(deps: HttpDeps): Http {
  const { logger, ids, clock, requestMetrics, clientOf } = deps
  const { api, requestLimits } = boundedApi(deps)

  function fetch(request: Request, peer: string, watch?: BodyWatch): Soon<Response> {
    const { address, proxyId } = clientOf(peer, request.headers)
    const asked: Asked = {
      request,
      actor: { identity: undefined, credential: undefined, address },
      watch,
      id: ids.uuid(),
      proxyId,
      target: parseTarget(request.url),
      running: requestMetrics.begin(),
      started: clock.monotonic(),
    }
    const overload = requestLimits.enter(address)
    const admitted = overload === undefined || isOpsPath(asked.target.path)
    const answer = admitted ? answerTo(asked, api, deps) : shed(requestLimits.shed(overload, address), asked)
    return andThen(answer, (given) => {
      if (overload === undefined) requestLimits.leave(address)
      const ended = end(asked, given, clock)
      // Under a flood the log must not be the next thing that there is too much of: the metrics count these, and a line sums them up.
      if (admitted) logger.access(ended)
      return respond(given, request.method, asked.id, clock)
    })
  }

  return Object.freeze({ fetch })
}

async function shed(error: RegistryError, incoming: Incoming): Promise<Answer> {
  await discardRest(incoming)
  return errorAnswer(error)
}

/** A request on its way, as the pipeline has it. */
interface Asked extends Pick<Call, 'request' | 'actor' | 'watch'> {
  readonly id: string
  readonly proxyId: string | undefined
  readonly target: Target
  readonly running: RunningRequest
  /** By the monotonic clock. */
  readonly started: number
}

/** Counts what has been answered, and gives the line for the log. */
function end({ request, actor, id, proxyId, target, running, started }: Asked, answer: Answer, clock: Clock): AccessEntry {
  const { method } = request
  const { status, code } = answer
  const bytes = answer.body === null || method === 'HEAD' ? 0 : answer.length
  const duration = clock.monotonic() - started
  running.end({ method, status, received: declaredLength(request) ?? 0, sent: bytes, duration })
  return {
    time: clock.now(),
    id,
    proxyId,
    method,
    path: readablePath(target.path),
    status,
    bytes,
    duration,
    address: actor.address,
    agent: request.headers.get('user-agent'),
    identity: actor.identity,
    code,
  }
}

/** Never fails: whatever goes wrong becomes an answer. */
function answerTo(asked: Asked, api: Api, { readiness, logger }: HttpDeps): Soon<Answer> {
  const { request, actor, target, watch } = asked
  const failed = async (error: unknown): Promise<Answer> => {
    const answer = failure(error, asked.id, logger)
    await discardRest(asked)
    return answer
  }
  try {
    checkHead(request)
    const match = matchPath(target.path)
    if (match === undefined) return answerOps(request.method, target.path, readiness).catch(failed)
    asked.running.is(match.shape)
    const answer = handle(api, match, request.method, { request, actor, name: match.name, last: match.last, query: target.query, watch })
    return answer instanceof Promise ? answer.catch(failed) : answer
  } catch (error) {
    return failed(error)
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

/** For the log: as a person would read it. The log escapes whatever comes out. */
function readablePath(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
