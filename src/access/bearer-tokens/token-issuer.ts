import type { Clock, Ids, Soon } from '../../lib/index.ts'
import { namespaceOf, type RepositoryName } from '../../oci/index.ts'
import type { Recognized } from '../login/authentication.ts'
import type { Principal } from '../principal.ts'
import type { Rights } from '../rights/rights.ts'
import { decisivePermissions, isRepositoryAction, type RepositoryAction, repositoryActions, repositoryNamed, type TokenAccess } from './token-access.ts'
import type { TokenHolder } from './token-claims.ts'
import type { TokenKeys } from './token-keys.ts'
import type { Scope } from './token-scope.ts'
import { longestToken, signToken } from './token-text.ts'

export interface TokenRequest {
  /** Absent for an anonymous caller. */
  readonly who: Recognized | undefined
  readonly scopes: readonly Scope[]
  /** Of the client. */
  readonly address: string
}

export interface IssuedToken {
  readonly token: string
  /** Seconds. */
  readonly lifetime: number
  /** Ms since the epoch. */
  readonly issuedAt: number
  /** What was asked for and may be given; less, or nothing, is no failure. */
  readonly access: readonly TokenAccess[]
}

export interface TokenIssuer {
  /**
   * Fails when the database cannot be asked.
   * @throws RangeError when the token would be longer than one that is taken
   */
  issue(request: TokenRequest): Promise<IssuedToken>
}

export interface TokenIssuerDeps {
  readonly keys: Pick<TokenKeys, 'signing'>
  readonly rights: Pick<Rights, 'decide' | 'projectOf'>
  /** What a repository is called now: scopes may name it as it was called before. */
  readonly resolve: (name: RepositoryName) => Soon<RepositoryName>
  readonly clock: Clock
  readonly ids: Ids
  readonly issuer: string
  readonly service: string
}

/**
 * Seconds. Long enough for the pushes of clients that ask once for a token and never again; what a token's owner may do
 * is looked up anew all the time, so it need not be shorter.
 */
const lifetime = 300

export function createTokenIssuer(deps: TokenIssuerDeps): TokenIssuer {
  const { keys, clock, ids, issuer, service } = deps
  return Object.freeze({
    issue: async ({ who, scopes, address }: TokenRequest): Promise<IssuedToken> => {
      const principal = who?.principal
      const access: TokenAccess[] = []
      for (const scope of scopes) {
        const entry = await accessOf(deps, principal, scope, address)
        if (entry !== undefined) access.push(entry)
      }
      const issuedAt = clock.now()
      const iat = Math.floor(issuedAt / 1000)
      const times = { exp: iat + lifetime, nbf: iat, iat }
      const holder = who === undefined ? null : holderOf(who)
      const claims = { iss: issuer, sub: principal?.name ?? '', aud: service, ...times, jti: ids.uuid(), access, holder }
      const { id, privateKey } = await keys.signing()
      const token = signToken(privateKey, id, claims)
      if (token.length > longestToken) throw new RangeError('a token for all of these scopes would be too long')
      return { token, lifetime, issuedAt, access }
    },
  })
}

async function accessOf(deps: TokenIssuerDeps, principal: Principal | undefined, scope: Scope, address: string): Promise<TokenAccess | undefined> {
  const { type, name } = scope
  // Anybody may ask for the list: it shows what the asker may see.
  if (type === 'registry' && name === 'catalog' && scope.actions.includes('*')) return { type, name, actions: ['*'] }
  const asked = type === 'repository' ? repositoryNamed(name) : undefined
  if (asked === undefined) return undefined
  const repository = await deps.resolve(asked)
  const project = await deps.rights.projectOf(namespaceOf(repository))
  const actions: RepositoryAction[] = []
  for (const action of wanted(scope.actions)) {
    if (await mayAny(deps, principal, action, repository, address)) actions.push(action)
  }
  if (actions.length === 0) return undefined
  return { type, name, actions, project: project?.id ?? null }
}

async function mayAny(
  { rights }: TokenIssuerDeps,
  principal: Principal | undefined,
  action: RepositoryAction,
  repository: RepositoryName,
  address: string,
): Promise<boolean> {
  for (const permission of decisivePermissions[action]) {
    if ((await rights.decide(principal, permission, { repository }, address)).allowed) return true
  }
  return false
}

/** `*` is what skopeo calls a right to delete, and others all rights there are. */
function wanted(actions: readonly string[]): readonly RepositoryAction[] {
  const all = Object.keys(repositoryActions) as RepositoryAction[]
  return actions.includes('*') ? all : [...new Set(actions)].filter(isRepositoryAction)
}

function holderOf({ principal: { kind, id, version }, secret, expiresAt }: Recognized): TokenHolder {
  return { kind, id, version, ...(secret === undefined ? {} : { secret }), ...(expiresAt === undefined ? {} : { until: expiresAt }) }
}
