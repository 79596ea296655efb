import { isCrossSite } from '../api/index.ts'
import { andThen, type Soon } from '../lib/index.ts'
import { parseRepositoryName, RegistryError, type RepositoryName } from '../oci/index.ts'
import type { Answer } from './answer.ts'
import type { BoundedApi } from './bounded-api.ts'
import type { Caller, Gate } from './gate.ts'
import type { Management } from './management.ts'
import type { RunningRequest } from './request-metrics.ts'
import type { Target } from './target.ts'
import type { TokenEndpoint } from './token/token-endpoint.ts'
import type { Call } from './v2/call.ts'
import { handle } from './v2/handlers.ts'
import type { Match } from './v2/match.ts'

/** What stands between a request and the API where the registry is not open to all. */
export interface AccessDeps {
  readonly gate: Gate
  /** Absent where tokens are to be had elsewhere. */
  readonly tokens: TokenEndpoint | undefined
  /** What changes who may do what. */
  readonly management: Management
  /** What a repository is called now: in a project that was renamed it is still found under its old name. */
  readonly resolve: (name: RepositoryName) => Soon<RepositoryName>
}

/** A request on its way, as the pipeline has it. */
export interface Asked extends Pick<Call, 'request' | 'watch'> {
  /** Somebody without a name until it is known who. */
  caller: Caller
  /** Whether the client speaks TLS. */
  readonly secure: boolean
  readonly id: string
  readonly proxyId: string | undefined
  readonly target: Target
  readonly running: RunningRequest
  /** By the monotonic clock. */
  readonly started: number
}

/** Answers a request to the API, with everybody let in who may be. Fails as handlers do, and with what the gate says. */
export function answerMatch(asked: Asked, match: Match, { openApi, privateApi }: BoundedApi, access: AccessDeps | undefined): Soon<Answer> {
  asked.running.is(match.shape)
  const { request, watch, target, caller } = asked
  const { query } = target
  const callOf = ({ actor }: Caller, name: string): Call => ({ request, actor, name, last: match.last, query, watch })
  if (access === undefined) return handle(openApi, match, request.method, callOf(caller, match.name))
  const { gate } = access
  const challenged = { request, secure: asked.secure, match, query }
  const enter = (): Soon<Caller> => gate.enter(challenged, caller.actor.address)
  return andThen(enter(), (known) => {
    asked.caller = known
    if (known.by === 'basic' && !reads(request) && isCrossSite(request.headers)) throw new RegistryError('DENIED', { message: crossSite })
    return andThen(nameNow(match, access), (repository) => {
      const asking = callOf(known, match.name)
      // Reads are many, and have no body.
      const call = request.method === 'PUT' ? { ...asking, actorNow: () => andThen(enter(), ({ actor }) => actor) } : asking
      const answer = () =>
        andThen(repository !== undefined && gate.isPublic(repository), (isPublic) =>
          handle(isPublic ? openApi : privateApi, match, request.method, call),
        )
      return otherwise(answer, async (error) => {
        // With a challenge it is the gate's own answer.
        const asksForLogin = error instanceof RegistryError && error.code === 'UNAUTHORIZED' && error.headers['www-authenticate'] === undefined
        throw asksForLogin ? await gate.refusal({ caller: known, asked: challenged, repository }) : error
      })
    })
  })
}

function reads({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD'
}

const crossSite = 'another site may not do this in the name of whoever visits it'

/** @throws RegistryError `NAME_INVALID` */
function nameNow({ name }: Match, { resolve }: AccessDeps): Soon<RepositoryName | undefined> {
  return name === '' ? undefined : resolve(parseRepositoryName(name))
}

/** The same for what fails at once and for what fails later. */
function otherwise<T>(attempt: () => Soon<T>, failed: (error: unknown) => Promise<T>): Soon<T> {
  try {
    const result = attempt()
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}
