import type { AccessDeps } from './answer-match.ts'
import { anybody, type Gate } from './gate.ts'

/** Lets everybody in without a name, and says that nothing may be kept by caches. */
const gate: Gate = {
  enter: (_asked, address) => anybody(address),
  refusal: () => Promise.reject(new Error('nothing is refused')),
  isPublic: () => false,
}

/** A registry with access control in which everything is allowed, and nothing is public. */
export const privateAccess: AccessDeps = { gate, tokens: undefined, resolve: (name) => name }
