import type { RepositoryName } from '../../oci/index.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import type { Decision, Place } from './rights.ts'

interface Allowed {
  readonly permission: Permission
  readonly repository: RepositoryName
  readonly address: string
  readonly decision: Decision
}

/**
 * What each principal was last allowed to do: a pull asks the same for each of its layers, and whoever sends the same credential again is
 * the same object. It belongs to one version of rights, and goes with it. Refusals are found anew.
 */
export interface LastAllowed {
  find(principal: Principal | undefined, permission: Permission, at: Place, address: string): Decision | undefined
  note(principal: Principal | undefined, permission: Permission, at: Place, address: string, decision: Decision): void
}

export function createLastAllowed(): LastAllowed {
  const last = new WeakMap<Principal, Allowed>()
  return {
    find: (principal, permission, { repository, tag }, address) => {
      const known = principal && last.get(principal)
      if (known === undefined || tag !== undefined) return undefined
      const isSame = known.repository === repository && known.permission === permission && known.address === address
      return isSame ? known.decision : undefined
    },
    note: (principal, permission, { repository, tag }, address, decision) => {
      if (principal === undefined || repository === undefined || tag !== undefined || !decision.allowed) return
      last.set(principal, { permission, repository, address, decision })
    },
  }
}
