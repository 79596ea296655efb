import { andThen, type Soon } from '../lib/index.ts'
import { namespaceOf, RegistryError, type RepositoryName, type Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'
import type { Action, Authorize, Decision, EnsureRepository, MayCreate } from './ports.ts'
import type { TagCreation } from './restore-transactions.ts'
import type { TagDeletion } from './tag-store.ts'

/**
 * Lets the actor do it or fails with DENIED, or with UNAUTHORIZED where other credentials may help. Every call of the core begins with
 * this, before it looks for anything. Answers the project that was decided about, if the decision is true of one alone.
 */
export function admit(authorize: Authorize, actor: Actor, action: Action, repository?: RepositoryName, tag?: Tag): Soon<DecidedOn> {
  const namespace = repository === undefined ? undefined : namespaceOf(repository)
  const question = { actor, action, namespace, repository }
  return andThen(authorize(tag === undefined ? question : { ...question, tag }), (decision) => {
    if (!decision.allowed) throw refusal(decision, action, tag === undefined ? repository : `tag ${tag} of ${repository}`)
    return decision.project
  })
}

/** Id of a project; absent where any will do. */
export type DecidedOn = number | undefined

/** Whether a row lies in the project that was decided about, and not in one that was given its name since. Fails with UNAVAILABLE: asked again, it is decided again. */
export function checkPlace(decidedOn: DecidedOn, row: { readonly namespace_id: number } | undefined): void {
  if (decidedOn !== undefined && row !== undefined && row.namespace_id !== decidedOn) throw new RegistryError('UNAVAILABLE')
}

/** What a push may create, in the project alone that it was decided about. */
export async function pushEvidence(ensure: EnsureRepository, actor: Actor, repository: RepositoryName, decidedOn: DecidedOn): Promise<MayCreate> {
  const may = await ensure(actor, repository)
  return decidedOn === undefined ? may : { ...may, project: decidedOn }
}

/** What is hidden, and what is not there, are refused in the same words. */
function refusal({ rule, hidden, gone, login }: Decision, action: Action, what: string | undefined): RegistryError {
  if (login === true) return new RegistryError('UNAUTHORIZED')
  if (hidden === true) return new RegistryError('DENIED')
  // A client that pushes asks first what is there, with HEAD: a refusal of that has no words, and ends the push.
  if (gone === true && action === 'pull') return new RegistryError('NAME_UNKNOWN', { message: `there is no such repository: ${rule}` })
  return new RegistryError('DENIED', { message: `you may not ${action} ${what ?? 'here'}: ${rule}`, detail: { action, rule } })
}

/** Whether a tag may be created, and whether it may be moved: the write transaction finds out which of the two it is. */
export async function tagEvidence(authorize: Authorize, actor: Actor, repository: RepositoryName, tag: Tag) {
  const question = { actor, action: 'push' as const, namespace: namespaceOf(repository), repository, tag }
  const [create, move] = [await authorize({ ...question, exists: false }), await authorize({ ...question, exists: true })]
  return { name: tag, mayCreate: create.allowed, mayMove: move.allowed, createRule: create.rule, moveRule: move.rule }
}

/** Whether each of the tags may be made. */
export async function creationEvidence(authorize: Authorize, actor: Actor, repository: RepositoryName, tags: readonly Tag[]): Promise<TagCreation[]> {
  const question = { actor, action: 'push' as const, namespace: namespaceOf(repository), repository, exists: false }
  const evidence: TagCreation[] = []
  for (const tag of tags) {
    const { allowed, rule } = await authorize({ ...question, tag })
    evidence.push({ name: tag, mayCreate: allowed, rule })
  }
  return evidence
}

/** Whether each of the tags may be deleted. */
export async function deletionEvidence(
  authorize: Authorize,
  actor: Actor,
  repository: RepositoryName,
  tags: readonly Tag[],
): Promise<TagDeletion[]> {
  const question = { actor, action: 'delete' as const, namespace: namespaceOf(repository), repository }
  const evidence: TagDeletion[] = []
  for (const tag of tags) {
    const { allowed, rule } = await authorize({ ...question, tag })
    evidence.push({ name: tag, mayDelete: allowed, rule })
  }
  return evidence
}
