import { andThen, type Soon } from '../lib/index.ts'
import { namespaceOf, RegistryError, type RepositoryName, type Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'
import type { Action, Authorize } from './ports.ts'

/** Lets the actor do it or fails with DENIED. Every call of the core begins with this. */
export function admit(authorize: Authorize, actor: Actor, action: Action, repository?: RepositoryName): Soon<void> {
  const namespace = repository === undefined ? undefined : namespaceOf(repository)
  return andThen(authorize({ actor, action, namespace, repository }), ({ allowed, rule }) => {
    if (!allowed) throw new RegistryError('DENIED', { detail: { action, rule } })
  })
}

/** Whether a tag may be created, and whether it may be moved: the write transaction finds out which of the two it is. */
export async function tagEvidence(authorize: Authorize, actor: Actor, repository: RepositoryName, tag: Tag) {
  const question = { actor, action: 'push' as const, namespace: namespaceOf(repository), repository, tag }
  const [create, move] = [await authorize({ ...question, exists: false }), await authorize({ ...question, exists: true })]
  return { name: tag, mayCreate: create.allowed, mayMove: move.allowed }
}
