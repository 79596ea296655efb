import type { Permission } from './permissions.ts'

/**
 * Whoever was authenticated, with the ceiling of what proved it. Made by an identity source and by the check of a token, never from
 * what a request says about itself. It names ids: an account that is made again under an old name is somebody else.
 */
export interface Principal {
  readonly kind: 'account' | 'robot'
  readonly id: number
  /** `alice`, `robot$ci` or `team+robot$ci`: for logs, events and people, never for a decision. */
  readonly name: string
  /** Of the account or robot when it was read: what was remembered under another one is not used. */
  readonly version: number
  /** Ids of the groups it is in. */
  readonly groups: readonly number[]
  /** Of a robot: the project that it can never leave; absent for a robot of the whole system and for accounts. */
  readonly project: number | undefined
  /** What the credential takes away: only what every one of these allows is allowed. Empty: nothing. */
  readonly ceilings: readonly Ceiling[]
  /** An account that has to choose a new password may do nothing else. */
  readonly mustChange: boolean
}

/** A limit that a token puts on its owner. */
export interface Ceiling {
  /** For the explanation: `token "laptop"`, `scope of the bearer token`. */
  readonly name: string
  /** Whether this much is left of the owner's rights. `path`: below the project; absent for what belongs to no repository. */
  allows(permission: Permission, project: number | undefined, path: string | undefined): boolean
}
