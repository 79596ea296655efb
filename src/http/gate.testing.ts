import type { AccessDeps } from './answer-match.ts'
import { anybody, type Gate } from './gate.ts'
import type { Management } from './management.ts'

/** Lets everybody in without a name, and says that nothing may be kept by caches. */
const gate: Gate = {
  enter: (_asked, address) => anybody(address),
  challenge: () => 'Bearer realm="http://registry/token"',
  refusal: () => Promise.reject(new Error('nothing is refused')),
  isPublic: () => false,
}

/** Where nobody asks for what changes rights. */
export const noManagement: Management = { answer: () => Promise.reject(new Error('nobody asks')) }

/** A registry with access control in which everything is allowed, and nothing is public. */
export const privateAccess: AccessDeps = { gate, tokens: undefined, management: noManagement, resolve: (name) => name }
