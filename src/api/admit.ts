import type { Soon } from '../lib/index.ts'
import { Problem } from './problem.ts'
import type { Caller, Place, Route, Sent } from './route.ts'

/** How the kit asks who may do what. */
export interface Admission {
  /** Whether the caller has a permission there, and by which rule. */
  readonly authorize: (caller: Caller, permission: string, place: Place) => Soon<Admitted>
  /** Why the caller may do nothing from where they are, for what takes no permission; absent where they may. */
  readonly barred: (caller: Caller) => Soon<string | undefined>
}

export interface Admitted {
  readonly allowed: boolean
  /** What decided, in plain English. */
  readonly rule: string
  /** Of a refusal: the caller may not even know that the place exists. */
  readonly hidden: boolean
}

type Params = Readonly<Record<string, unknown>>

interface Named {
  readonly params: Params | undefined
  readonly query: Sent
}

/**
 * Lets the caller in, with the parameters of the path, or refuses. Decided before anything is looked up, so that no answer and no
 * time tells what exists: what may not be seen is 404 like what is not there, what may be seen and not changed is 403, and whoever did
 * not log in is asked to.
 * @param params of the path; absent for what can be nothing's name
 * @throws Problem
 */
export async function admit(route: Route, caller: Caller, { params, query }: Named, admission: Admission): Promise<Params> {
  if (ofOwner.includes(route.needs)) await admitOwner(route.needs, caller, admission)
  else if (route.needs !== 'anybody' && params !== undefined) await admitThere(route, caller, { params, query }, admission)
  if (params !== undefined) return params
  throw new Problem(caller.principal === undefined ? 'unauthenticated' : 'not-found')
}

async function admitThere(route: Route, caller: Caller, { params, query }: Named & { readonly params: Params }, { authorize }: Admission): Promise<void> {
  const { allowed, rule, hidden } = await authorize(caller, route.needs, route.place(params, query))
  if (allowed) return
  if (caller.principal === undefined) throw new Problem('unauthenticated')
  if (caller.mustChange) throw new Problem('password-change-required')
  // A path without parameters names nothing that could be hidden.
  if (hidden && route.path.includes('{')) throw new Problem('not-found')
  throw new Problem('forbidden', { detail: `you may not do this: ${rule}` })
}

const ofOwner: readonly string[] = ['own', 'own-password', 'new-password']

async function admitOwner(needs: string, caller: Caller, { barred }: Admission): Promise<void> {
  const { principal, credential, mustChange, narrowed } = caller
  if (principal === undefined) throw new Problem('unauthenticated')
  if (mustChange && needs !== 'new-password') throw new Problem('password-change-required')
  if (needs === 'own') {
    if (narrowed) throw new Problem('forbidden', { detail: 'this token allows only a part of what its owner may, and not this' })
  } else if (credential !== 'password') {
    throw new Problem('forbidden', { detail: 'log in with the password for this: a token or a key is not enough' })
  }
  const reason = await barred(caller)
  if (reason !== undefined) throw new Problem('forbidden', { detail: `you may not do this: ${reason}` })
}
