import { decisivePermissions, type Decision, type Principal, type RepositoryAction, type Rights, withoutScope } from '../access/index.ts'
import { RegistryError, type RepositoryName } from '../oci/index.ts'
import { type Challenged, loginFirst, type TokenSource } from './challenge.ts'
import type { Caller } from './gate.ts'
import { findRoute } from './v2/routes.ts'

export interface RefusalDeps {
  readonly rights: Pick<Rights, 'decide'>
  readonly source: TokenSource
}

/** What is answered where the core refused, and other credentials might help. */
export interface Refused {
  readonly caller: Caller
  readonly asked: Challenged
  /** As it is called now. */
  readonly repository: RepositoryName | undefined
}

/**
 * Whoever did not log in is asked to, in the same words whether there is something or not. Whose token has too narrow a scope is asked for
 * a wider one, unless its owner could not have that: clients would only come back with the same.
 */
export async function refusal(deps: RefusalDeps, { caller, asked, repository }: Refused): Promise<RegistryError> {
  const { source } = deps
  const { actor, principal, by } = caller
  const problem = by === 'bearer' ? 'insufficient_scope' : undefined
  if (principal === undefined) return loginFirst(source, asked, 'log in first: this is not for everybody, or it does not exist', problem)
  const action = actionOf(asked)
  const own = action && repository && (await mayAny(deps, withoutScope(principal), action, repository, actor.address))
  if (own === undefined || own.allowed) {
    return loginFirst(source, asked, 'the token does not allow this: get one with the scope that this needs', problem)
  }
  // As the core answers itself.
  if (own.gone === true && action === 'pull') return new RegistryError('NAME_UNKNOWN', { message: `there is no such repository: ${own.rule}` })
  return own.hidden ? new RegistryError('DENIED') : new RegistryError('DENIED', { message: `you may not ${action} ${repository}: ${own.rule}` })
}

/** Any of the permissions is enough: which of them was wanted, the core knows. */
async function mayAny(
  { rights }: RefusalDeps,
  who: Principal,
  action: RepositoryAction,
  repository: RepositoryName,
  address: string,
): Promise<Decision> {
  const [first, ...further] = decisivePermissions[action]
  let decision = await rights.decide(who, first, { repository }, address)
  for (const permission of further) {
    if (!decision.allowed) decision = await rights.decide(who, permission, { repository }, address)
  }
  return decision
}

function actionOf({ match, request }: Challenged): RepositoryAction | undefined {
  const action = match && findRoute(match.shape, request.method)?.action
  return action === 'list' ? undefined : action
}
