import { type Authenticator, parseScopes, type Recognized, type RefreshTokens, type Scope, type TokenIssuer, type TokenKeys } from '../../access/index.ts'
import { RegistryError } from '../../oci/index.ts'
import { type Answer, textAnswer } from '../answer.ts'
import type { Incoming } from '../body.ts'

export interface TokenEndpointDeps {
  readonly authenticator: Authenticator
  readonly issuer: TokenIssuer
  readonly refreshTokens: RefreshTokens
  readonly keys: Pick<TokenKeys, 'published'>
  readonly service: string
}

export interface TokenCall extends Incoming {
  /** Without its question mark. */
  readonly query: string
  /** Of the client. */
  readonly address: string
}

/** @throws RegistryError `REQUEST_INVALID` */
export function wantedScopes({ service }: TokenEndpointDeps, parameters: URLSearchParams): readonly Scope[] {
  const asked = parameters.get('service') ?? ''
  if (asked !== '' && asked !== service) {
    throw new RegistryError('REQUEST_INVALID', { message: `this token service is ${service}; it has no tokens for another one` })
  }
  try {
    return parseScopes(parameters.getAll('scope'))
  } catch (error) {
    throw tooMuch(error)
  }
}

function tooMuch(error: unknown): unknown {
  return error instanceof RangeError ? new RegistryError('REQUEST_INVALID', { message: `${error.message}; ask for less at a time` }) : error
}

/** What is asked for, however it was sent. */
export interface Wanted {
  readonly who: Recognized | undefined
  readonly scopes: readonly Scope[]
  /** Whether a token to get further ones with is wanted. */
  readonly offline: boolean
  readonly client: string
  readonly address: string
}

/** @throws RegistryError `REQUEST_INVALID` */
export async function issue({ issuer, refreshTokens, service }: TokenEndpointDeps, { who, scopes, offline, client, address }: Wanted) {
  const { token, lifetime, issuedAt, access } = await issuer.issue({ who, scopes, address }).catch((error: unknown) => {
    throw tooMuch(error)
  })
  // What stands for a robot, or is a token already, can be sent itself the next time; docker then keeps that.
  const wanted = offline && who?.credential === 'password'
  const refresh = wanted ? await refreshTokens.issue(who.principal, { service, client, actor: { identity: who.principal.name, address } }) : undefined
  const answer = {
    // Old clients read the one, and containerd's POST the other.
    token,
    access_token: token,
    // Less than a minute some take for a minute.
    expires_in: Math.max(lifetime, 60),
    issued_at: new Date(issuedAt).toISOString(),
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
  }
  return { answer, access }
}

export function jsonAnswer(value: object): Answer {
  return textAnswer(200, 'application/json', JSON.stringify(value), { 'cache-control': 'no-store' })
}
