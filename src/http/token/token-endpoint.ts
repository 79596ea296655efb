import type { Recognized } from '../../access/index.ts'
import { isCrossSite } from '../../api/index.ts'
import { RegistryError } from '../../oci/index.ts'
import type { Answer } from '../answer.ts'
import { parseCredentials } from '../credentials.ts'
import { answerForm } from './token-form.ts'
import { recognized, unauthorized } from './token-refusal.ts'
import { issue, jsonAnswer, type TokenCall, type TokenEndpointDeps, wantedScopes } from './token-request.ts'

/** The token service: answers under /token. */
export interface TokenEndpoint {
  /** @throws RegistryError */
  answer(path: string, call: TokenCall): Promise<Answer>
}

const tokenPath = '/token'
const keysPath = '/token/jwks.json'

/** Whether a path is the token service's. */
export function isTokenPath(path: string): boolean {
  return path === tokenPath || path === keysPath
}

/** docs.docker.com, "Token Authentication Specification" (GET) and "Docker Registry v2 authentication using OAuth2" (POST). */
export function createTokenEndpoint(deps: TokenEndpointDeps): TokenEndpoint {
  async function answer(path: string, call: TokenCall): Promise<Answer> {
    const { method } = call.request
    const reads = method === 'GET' || method === 'HEAD'
    if (path === keysPath && reads) return jsonAnswer({ keys: await deps.keys.published() })
    if (path === tokenPath && reads) return await answerQuery(deps, call)
    if (path === tokenPath && method === 'POST') return await answerForm(deps, call)
    throw new RegistryError('METHOD_NOT_ALLOWED', { headers: { allow: path === tokenPath ? 'GET, HEAD, POST' : 'GET, HEAD' } })
  }

  return Object.freeze({ answer })
}

async function answerQuery(deps: TokenEndpointDeps, { request, query, address }: TokenCall): Promise<Answer> {
  const parameters = new URLSearchParams(query)
  const who = await loggedIn(deps, request, address)
  const scopes = wantedScopes(deps, parameters)
  const offline = parameters.get('offline_token') === 'true' && !isBrowser(request.headers)
  const { answer } = await issue(deps, { who, scopes, offline, client: parameters.get('client_id') ?? '', address })
  return jsonAnswer(answer)
}

/**
 * The attacker: a page elsewhere, in a browser that remembers a Basic login. To plain HTTP browsers say of an image nothing about where it was
 * asked for, so `isCrossSite` is blind there. What they all say is this word, and no page can take it away without being refused first: an
 * answer to a browser therefore makes nothing.
 */
function isBrowser(headers: Headers): boolean {
  return /^mozilla\//i.test(headers.get('user-agent') ?? '')
}

/** @returns absent for an anonymous caller */
async function loggedIn({ authenticator }: TokenEndpointDeps, { headers }: Request, address: string): Promise<Recognized | undefined> {
  const sent = parseCredentials(headers.get('authorization'))
  if (sent.kind === 'none') return undefined
  // It would make refresh tokens, and so push out those of the machines that somebody uses.
  if (sent.kind === 'basic' && isCrossSite(headers)) throw new RegistryError('DENIED', { message: 'another site has no tokens in the name of whoever visits it' })
  // A token is not what tokens are had for: its scope would be left behind.
  if (sent.kind !== 'basic') throw unauthorized('send user and password, or a personal token in place of the password')
  return recognized(await authenticator.basic(sent.user, sent.secret, address))
}
