import { andThen, type Clock, type Ids, type Soon } from '../lib/index.ts'
import type { AccessEntry } from '../observe/index.ts'
import type { RegistryError } from '../oci/index.ts'
import { answerBeside, isOpsPath } from './answer-beside.ts'
import { type AccessDeps, answerMatch, type Asked } from './answer-match.ts'
import { type Answer, errorAnswer } from './answer.ts'
import { type ApiDeps, type BoundedApi, boundedApi } from './bounded-api.ts'
import { type BodyWatch, declaredLength, discardRest, type Incoming } from './body.ts'
import type { ClientOf } from './client-address.ts'
import { failure } from './failure.ts'
import { anybody } from './gate.ts'
import type { Readiness } from './readiness.ts'
import { checkHead } from './request-head.ts'
import { respond } from './respond.ts'
import { parseTarget } from './target.ts'
import { matchPath } from './v2/match.ts'

export interface HttpDeps extends ApiDeps {
  readonly ids: Ids
  /** What /readyz answers. */
  readonly readiness: Readiness
  /** Who is behind the peer of a connection. */
  readonly clientOf: ClientOf
  /** Who is who, and what they may do; absent where the registry is open to all. */
  readonly access?: AccessDeps | undefined
}

/** The server as a value: it needs no port. */
export interface Http {
  /** Answers one request; never fails. `peer` is the address at the other end, as the listener saw it. */
  fetch(request: Request, peer: string, watch?: BodyWatch): Soon<Response>
}

export function createHttp(deps: HttpDeps): Http {
  const { logger, ids, clock, requestMetrics, clientOf } = deps
  const bounded = boundedApi(deps)
  const { requestLimits } = bounded

  function fetch(request: Request, peer: string, watch?: BodyWatch): Soon<Response> {
    const { address, proxyId, secure = request.url.startsWith('https:') } = clientOf(peer, request.headers)
    const asked: Asked = {
      request,
      caller: anybody(address),
      secure,
      watch,
      id: ids.uuid(),
      proxyId,
      target: parseTarget(request.url),
      running: requestMetrics.begin(),
      started: clock.monotonic(),
    }
    const overload = requestLimits.enter(address)
    const admitted = overload === undefined || isOpsPath(asked.target.path)
    const answer = admitted ? answerTo(asked, bounded, deps) : shed(requestLimits.shed(overload, address), asked)
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

/** Counts what has been answered, and gives the line for the log. */
function end({ request, caller, id, proxyId, target, running, started }: Asked, answer: Answer, clock: Clock): AccessEntry {
  const { method } = request
  const { status, code } = answer
  const { actor } = caller
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
function answerTo(asked: Asked, bounded: BoundedApi, deps: HttpDeps): Soon<Answer> {
  const { request, target } = asked
  const failed = async (error: unknown): Promise<Answer> => {
    const answer = failure(error, asked.id, deps.logger)
    await discardRest(asked)
    return answer
  }
  try {
    checkHead(request)
    const match = matchPath(target.path)
    const answer = match === undefined ? answerBeside(asked, deps) : answerMatch(asked, match, bounded, deps.access)
    return answer instanceof Promise ? answer.catch(failed) : answer
  } catch (error) {
    return failed(error)
  }
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
