import type { RepositoryName, Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'

/** What an actor may want of a repository. `list` is the catalog, which names no repository. */
export type Action = 'pull' | 'push' | 'delete' | 'list'

/** What a decision is about. `tag` and `exists` are given where a rule may depend on creating or moving a tag. */
export interface AuthorizationQuestion {
  readonly actor: Actor
  readonly action: Action
  readonly namespace: string | undefined
  readonly repository: RepositoryName | undefined
  readonly tag?: Tag
  readonly exists?: boolean
}

/** The answer, with the rule that decided, so that a refusal can be explained. */
export interface Decision {
  readonly allowed: boolean
  readonly rule: string
}

/** The one authorization choke point of the core. Everything it does not allow is refused. */
export type Authorize = (question: AuthorizationQuestion) => Decision | Promise<Decision>

/** The answer while there is no access control: the listener is on loopback, or was opened to anyone on purpose. */
export const allowAll: Authorize = () => ({ allowed: true, rule: 'open' })
