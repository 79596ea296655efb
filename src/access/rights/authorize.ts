import { andThen, type Soon } from '../../lib/index.ts'
import type { RepositoryName, Tag } from '../../oci/index.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import type { Decision, Rights } from './rights.ts'

/** What the core asks: its port `Authorize`, which this room fits without knowing the core. */
export interface CoreQuestion {
  readonly actor: { readonly principal?: object | undefined; readonly credential: string | undefined; readonly address: string }
  readonly action: 'pull' | 'push' | 'delete' | 'restore' | 'purge' | 'list'
  readonly namespace: string | undefined
  readonly repository: RepositoryName | undefined
  readonly tag?: Tag
  readonly exists?: boolean
}

export interface CoreDecision {
  readonly allowed: boolean
  readonly rule: string
  /** Id of the project that was decided about. */
  readonly project?: number | undefined
  readonly hidden?: boolean
  readonly gone?: boolean
  readonly login?: boolean
}

/** A list is filtered, and so never refused as a whole. */
const listed: CoreDecision = Object.freeze({ allowed: true, rule: 'lists show what may be seen' })

/** Answers the core. At once where everything is in memory. */
export function createAuthorize(rights: Rights): (question: CoreQuestion) => Soon<CoreDecision> {
  return (question) => {
    const { actor, action, repository, tag, exists } = question
    if (action === 'list') return listed
    const permission = permissionFor(action, tag, exists)
    const decision = rights.decide(actor.principal as Principal | undefined, permission, { repository, tag }, actor.address)
    const whole = permission === 'content.push' ? andThen(decision, (push) => withProject(rights, push, actor, repository)) : decision
    return andThen(whole, (made) => (made.allowed ? made : refusal(made, actor)))
  }
}

/** The first push into a project makes it, for whoever may. */
function withProject(
  rights: Rights,
  push: Decision,
  { principal, address }: CoreQuestion['actor'],
  repository: CoreQuestion['repository'],
): Soon<Decision> {
  if (!push.allowed || push.project !== undefined) return push
  const create = rights.decide(principal as Principal | undefined, 'project.create', { repository }, address)
  return andThen(create, (made) => ({ ...made, hidden: !made.allowed }))
}

function permissionFor(action: 'pull' | 'push' | 'delete' | 'restore' | 'purge', tag: Tag | undefined, exists: boolean | undefined): Permission {
  if (action === 'pull') return 'content.pull'
  if (action === 'restore' || action === 'purge') return `content.${action}`
  if (action === 'delete') return tag === undefined ? 'content.delete' : 'tag.delete'
  if (tag === undefined) return 'content.push'
  return exists === true ? 'tag.move' : 'tag.create'
}

/**
 * Who is not logged in is asked to. A bearer token holds what its client asked for when it got it: it may ask for more; the owner of any
 * other credential is told what it lacks.
 */
function refusal(decision: Decision, { principal, credential }: CoreQuestion['actor']): CoreDecision {
  return { ...decision, login: principal === undefined || (decision.narrowed && credential === 'bearer') }
}
