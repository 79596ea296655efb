import { repositoryNamed } from '../access/index.ts'
import { RegistryError, type RepositoryName } from '../oci/index.ts'
import { queryValue } from './target.ts'
import type { Match } from './v2/match.ts'
import { findRoute } from './v2/routes.ts'

/** Where a client gets tokens, as the challenge tells it. */
export interface TokenSource {
  /** The whole address of a token service elsewhere; absent where tokens are to be had here. */
  readonly realm: string | undefined
  readonly service: string
  /** The origin that clients know this registry by; absent where it is the one that each of them asked. */
  readonly externalUrl: string | undefined
}

/** What of a request the challenge depends on. */
export interface Challenged {
  readonly request: Request
  /** Whether the client speaks TLS, as far as it is known: to us, or to a proxy whose word counts. */
  readonly secure: boolean
  readonly match: Match | undefined
  readonly query: string
}

/** RFC 6750, section 3.1. `invalid_token` makes containerd forget the one it has, `insufficient_scope` makes clients ask for more. */
export type TokenProblem = 'invalid_token' | 'insufficient_scope'

/**
 * The one WWW-Authenticate header (docs.docker.com, "Token Authentication"): clients of containers/image read no second one. The
 * realm is on the origin that the client already talks to: some refuse any other, and credentials go there. It is taken from Host, which
 * was checked to be a host and perhaps a port; whoever writes something else there sends only itself elsewhere.
 */
export function challenge(source: TokenSource, asked: Challenged, problem?: TokenProblem): string {
  // HTTP/1.0 without Host. No client that pulls is so old.
  if (source.realm === undefined && source.externalUrl === undefined && !asked.request.headers.get('host')) return 'Basic realm="Berth"'
  const parts = [`realm="${realmOf(source, asked)}"`, `service="${source.service}"`]
  const scope = wantedScopes(asked).map(({ type, name, actions }) => `${type}:${name}:${actions}`)
  if (scope.length > 0) parts.push(`scope="${scope.join(' ')}"`)
  if (problem !== undefined) parts.push(`error="${problem}"`)
  return `Bearer ${parts.join(',')}`
}

/** Asks for a login, or for another token, in words and with the challenge. */
export function loginFirst(source: TokenSource, asked: Challenged, message: string, problem?: TokenProblem): RegistryError {
  const headers = { 'www-authenticate': challenge(source, asked, problem) }
  return new RegistryError('UNAUTHORIZED', { message, detail: wantedDetail(asked), headers })
}

function realmOf({ realm, externalUrl }: TokenSource, { request, secure }: Challenged): string {
  if (realm !== undefined) return realm
  return `${externalUrl ?? `${secure ? 'https' : 'http'}://${request.headers.get('host') ?? ''}`}/token`
}

interface WantedScope {
  readonly type: string
  readonly name: string
  /** Divided by commas. */
  readonly actions: string
}

const words = { pull: 'pull', push: 'pull,push', delete: 'delete', list: '*' } as const

/** What a token has to allow for this request; nothing for what needs no right, or names no repository that could be. */
function wantedScopes({ request, match, query }: Challenged): readonly WantedScope[] {
  const route = match && findRoute(match.shape, request.method)
  if (match === undefined || route?.action === undefined) return []
  const actions = words[route.action]
  if (route.action === 'list') return [{ type: 'registry', name: 'catalog', actions }]
  const from = mountSource({ match, request, query })
  const named = [{ name: match.name, actions }, ...(from === undefined ? [] : [{ name: from, actions: words.pull }])]
  return named.flatMap((wanted) => (repositoryNamed(wanted.name) === undefined ? [] : [{ type: 'repository', ...wanted }]))
}

/** The repository from which a push wants a blob mounted; absent where it names none that could be. */
export function mountSource({ request, match, query }: Pick<Challenged, 'request' | 'match' | 'query'>): RepositoryName | undefined {
  if (match === undefined || query === '' || findRoute(match.shape, request.method)?.operation !== 'startUpload') return undefined
  const from = queryValue(query, 'from')
  return from === undefined ? undefined : repositoryNamed(from)
}

/** The same as distribution tells it in the `detail` of the error. */
function wantedDetail(asked: Challenged): readonly object[] {
  return wantedScopes(asked).flatMap(({ type, name, actions }) =>
    actions.split(',').map((action) => ({ Type: type, Class: '', Name: name, Action: action })),
  )
}
