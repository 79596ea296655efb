import {
  allowsList,
  type Authenticator,
  type OutsideCaller,
  type Principal,
  type Rights,
  type TokenAccess,
  type TokenCheck,
  type Unrecognized,
  withoutScope,
} from '../access/index.ts'
import { andThen, type Soon } from '../lib/index.ts'
import { RegistryError, type RepositoryName } from '../oci/index.ts'
import type { Actor } from '../registry/index.ts'
import { challenge, type Challenged, loginFirst, mountSource, type TokenProblem, type TokenSource } from './challenge.ts'
import { createCredentialReader, type CredentialReaderDeps, type Credentials, isOneToken } from './credentials.ts'
import { refusal, type Refused } from './refusal.ts'
import { findRoute } from './v2/routes.ts'

/** What the HTTP layer asks of those who know who is who and who may do what. */
export interface GateDeps extends CredentialReaderDeps {
  readonly authenticator: Authenticator
  readonly tokenCheck: TokenCheck
  readonly rights: Pick<Rights, 'decide' | 'isPublic' | 'projectOf'>
  readonly source: TokenSource
}

/** Who sent a request, and how that was proved. */
export interface Caller {
  readonly actor: Actor
  readonly principal: Principal | undefined
  readonly by: 'nothing' | 'basic' | 'bearer'
  /** What the bearer token says it allows. */
  readonly access: readonly TokenAccess[]
}

/** Lets requests to the API in. */
export interface Gate {
  /**
   * At once where all is in memory.
   * @throws RegistryError `UNAUTHORIZED` for credentials that are nobody's, with the challenge; `TOOMANYREQUESTS`; `UNAVAILABLE`
   */
  enter(asked: Challenged, address: string): Soon<Caller>
  /** The challenge of a refusal, without what was wrong. */
  challenge(asked: Challenged): string
  /** What is answered where the core asks for other credentials, with the challenge. */
  refusal(refused: Refused): Promise<RegistryError>
  /** Whether anybody may pull from it from everywhere, so that caches may keep what is pulled. */
  isPublic(repository: RepositoryName): Soon<boolean>
}

export function createGate(deps: GateDeps): Gate {
  const { rights } = deps
  const readCredentials = createCredentialReader(deps)
  return Object.freeze<Gate>({
    enter: (asked, address) => {
      const sent = readCredentials(asked.request.headers.get('authorization'))
      const project = /^[a-z0-9._-]{1,255}(?=\/|$)/.exec(asked.match?.name ?? '')?.[0]
      // Before anything is decided: who asks may have made it through another process a moment ago.
      return andThen(project && rights.projectOf(project), () => enter(deps, asked, sent, address))
    },
    challenge: (asked) => challenge(deps.source, asked),
    refusal: (refused) => refusal(deps, refused),
    isPublic: (repository) => rights.isPublic(repository),
  })
}

function enter(deps: GateDeps, asked: Challenged, sent: Credentials, address: string): Soon<Caller> {
  switch (sent.kind) {
    case 'none':
      return admitAnonymous(deps, asked, address)
    case 'malformed':
      throw malformed(deps, asked, sent.problem)
    case 'basic':
      return andThen(deps.authenticator.basic(sent.user, sent.secret, address, sent), (who) => {
        if ('failed' in who) throw failure(deps, asked, who)
        return callerOf({ principal: who.principal, by: 'basic', credential: who.credential, address })
      })
    case 'bearer':
      return andThen(deps.tokenCheck.bearer(sent.token), (who) => {
        if ('failed' in who) throw isOneToken(sent.token) ? failure(deps, asked, who, 'invalid_token') : malformed(deps, asked, noToken)
        if ('caller' in who) return admitOutside(deps, asked, who.caller, address)
        if ('anonymous' in who) return admitAnonymousBearer(deps, asked, address)
        const { principal, credential, access } = who
        return admitBearer(deps, asked, callerOf({ principal, by: 'bearer', credential, address, access }))
      })
  }
}

const noToken = 'a token has neither spaces nor commas'

function malformed({ source }: GateDeps, asked: Challenged, problem: string): RegistryError {
  return loginFirst(source, asked, `the Authorization header is malformed: ${problem}`)
}

function failure({ source }: GateDeps, asked: Challenged, { failed, retryAfter = 5 }: Unrecognized, problem?: TokenProblem): RegistryError {
  const headers = { 'retry-after': String(retryAfter) }
  if (failed === 'locked') return new RegistryError('TOOMANYREQUESTS', { message: 'too many wrong passwords; wait before you try again', headers })
  if (failed === 'busy') return new RegistryError('UNAVAILABLE', { headers })
  const [wrong, ended] =
    problem === undefined
      ? ['the user name or the password is not right', 'this password or token has ended; get a new one']
      : ['the token is not valid here; log in again', 'the token has ended; log in again']
  return loginFirst(source, asked, failed === 'expired' ? ended : wrong, problem)
}

/** The way in for whoever sent nothing. The base says that there is a login, since clients look there alone. */
function admitAnonymous({ source }: GateDeps, asked: Challenged, address: string): Caller {
  const shape = asked.match?.shape
  if (shape === 'base' || shape === 'extensions' || shape === 'catalog') throw loginFirst(source, asked, 'log in first')
  return anybody(address)
}

function admitAnonymousBearer({ source }: GateDeps, asked: Challenged, address: string): Caller {
  if (asksForList(asked)) throw loginFirst(source, asked, 'log in first', 'insufficient_scope')
  return callerOf({ by: 'bearer', address })
}

/** There is no account behind it: to whoever asks for one, it is nobody. */
function admitOutside({ source }: GateDeps, asked: Challenged, caller: OutsideCaller, address: string): Caller {
  const { name, access } = caller
  if (asksForList(asked) && !allowsList(access)) throw loginFirst(source, asked, 'the token is not for this', 'insufficient_scope')
  return { actor: { identity: name, credential: 'bearer', address, principal: caller }, principal: undefined, by: 'bearer', access }
}

function admitBearer(deps: GateDeps, asked: Challenged, caller: Caller): Soon<Caller> {
  const tooNarrow = () => loginFirst(deps.source, asked, 'the token is not for this: get one with the scope that this needs', 'insufficient_scope')
  if (asksForList(asked) && !allowsList(caller.access)) throw tooNarrow()
  const from = mountSource(asked)
  return andThen(from !== undefined && isKeptFrom(deps, caller, from), (kept) => {
    if (kept) throw tooNarrow()
    return admitToUnmade(deps, asked, caller, tooNarrow)
  })
}

/** Whether the owner of a token may read there and the token may not: with a wider one a mount takes place, which else is an upload. */
function isKeptFrom({ rights }: GateDeps, { principal, actor }: Caller, from: RepositoryName): Soon<boolean> {
  if (principal === undefined) return false
  const mayPull = (who: Principal): Soon<boolean> =>
    andThen(rights.decide(who, 'content.pull', { repository: from }, actor.address), ({ allowed }) => allowed)
  return andThen(mayPull(principal), (may) => !may && mayPull(withoutScope(principal)))
}

function admitToUnmade({ rights }: GateDeps, { match }: Challenged, caller: Caller, tooNarrow: () => RegistryError): Soon<Caller> {
  if (match === undefined || match.name === '' || !caller.access.some(isUnmade)) return caller
  // Such a token lets its owner make the project of this one name, and no other.
  return andThen(rights.projectOf(match.name.split('/', 1)[0] ?? ''), (project) => {
    if (project === undefined && !caller.access.some((one) => isUnmade(one) && one.name === match.name)) throw tooNarrow()
    return caller
  })
}

function isUnmade({ project }: TokenAccess): boolean {
  return project === null
}

/** A method that the list does not have is no matter of rights: no token would help. */
function asksForList({ match, request }: Challenged): boolean {
  return match?.shape === 'catalog' && findRoute(match.shape, request.method) !== undefined
}

/** Somebody of whom nothing is known but where they are. */
export function anybody(address: string): Caller {
  return callerOf({ by: 'nothing', address })
}

interface Known {
  readonly principal?: Principal
  readonly by: Caller['by']
  readonly credential?: string
  readonly address: string
  readonly access?: Caller['access']
}

function callerOf({ principal, by, credential, address, access = [] }: Known): Caller {
  const owner = principal?.kind === 'robot' ? `robot:${principal.id}` : undefined
  return { actor: { identity: principal?.name, owner, credential, address, principal }, principal, by, access }
}
