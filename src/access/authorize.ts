import { andThen, type Soon } from '../lib/index.ts'
import type { RepositoryName, Tag } from '../oci/index.ts'
import type { Permission } from './permissions.ts'
import type { Principal } from './principal.ts'
import type { Decision, Rights } from './rights.ts'

/** What the core asks: its port `Authorize`, which this room fits without knowing the core. */
export interface CoreQuestion {
  readonly actor: { readonly principal?: object | undefined; readonly credential: string | undefined; readonly address: string }
  readonly action: 'pull' | 'push' | 'delete' | 'list'
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
  readonly login?: boolean
}

/** A list is filtered, and so never refused as a whole. */
const listed: CoreDecision = Object.freeze({ allowed: true, rule: 'lists show what may be seen' })

/** Answers the core. At once where everything is in memory. */
export function createAuthorize(rights: Rights): (question: CoreQuestion) => Soon<CoreDecision> {
  return ({ actor, action, namespace, repository, tag, exists }) => {
    if (action === 'list') return listed
    const principal = actor.principal as Principal | undefined
    const may = (permission: Permission): Soon<Decision> => rights.decide(principal, permission, { repository, tag }, actor.address)
    const permission = permissionFor(action, tag, exists)
    // First: should another project have the name by the time of the decision, nothing is done in it on the strength of that.
    const about = namespace === undefined ? undefined : rights.projectOf(namespace)
    const whole = (): Soon<Decision> => {
      const decision = may(permission)
      return permission === 'content.push' ? andThen(decision, (push) => withProject(push, namespace)) : decision
    }
    return andThen(about, (facts) => andThen(whole(), (made) => answer(made, actor, facts?.id)))

    /** The first push into a project makes it, for whoever may. */
    function withProject(push: Decision, name: string | undefined): Soon<Decision> {
      if (!push.allowed || name === undefined) return push
      return andThen(rights.projectOf(name), (project) => {
        if (project !== undefined) return push
        return andThen(rights.decide(principal, 'project.create', {}, actor.address), (create) => ({ ...create, hidden: !create.allowed }))
      })
    }
  }
}

function permissionFor(action: 'pull' | 'push' | 'delete', tag: Tag | undefined, exists: boolean | undefined): Permission {
  if (action === 'pull') return 'content.pull'
  if (action === 'delete') return tag === undefined ? 'content.delete' : 'tag.delete'
  if (tag === undefined) return 'content.push'
  return exists === true ? 'tag.move' : 'tag.create'
}

/**
 * Who is not logged in is asked to. A bearer token holds what its client asked for when it got it: it may ask for more; the owner of any
 * other credential is told what it lacks.
 */
function answer(decision: Decision, { principal, credential }: CoreQuestion['actor'], project: number | undefined): CoreDecision {
  if (decision.allowed) return { ...decision, project }
  const login = principal === undefined || (decision.narrowed && credential === 'bearer')
  return { ...decision, login }
}
