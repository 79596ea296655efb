import type { Caller } from '../api/index.ts'
import type { Principal } from './principal.ts'

/** Whoever was recognized, as the management API knows callers; anybody without a principal. */
export function apiCaller(principal: Principal | undefined, credential: string | undefined, address: string): Caller {
  return {
    principal,
    identity: principal?.name,
    credential,
    narrowed: principal !== undefined && principal.ceilings.length > 0,
    mustChange: principal?.mustChange === true,
    address,
  }
}
