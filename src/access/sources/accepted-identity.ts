import { parseName } from '../name.ts'
import { isOneLine } from '../one-line.ts'
import type { SourceAnswer } from './identity-source.ts'

/** What a source said, after it was checked: as much of it as counts here. */
export interface AcceptedIdentity {
  readonly source: string
  readonly subject: string
  readonly name: string
  readonly email: string | undefined
  readonly displayName: string | undefined
  /** Names of groups, each once, in order. */
  readonly groups: readonly string[]
}

export type Acceptance =
  | { readonly identity: AcceptedIdentity }
  | { readonly refused: 'unknown' | 'wrong' }
  /** The source is broken or lies: why, for the log. */
  | { readonly fault: string }

const longestText = 255
/** Groups of one person. Whoever has more would get too few of them, which nobody would notice. */
const mostGroups = 1_000

/**
 * Believes of an answer what has the right form: typed by this program or not, it came from another machine. Groups whose names can't be
 * names here are left out, since no grant can be given to them.
 * @param user who asked to log in: the answer has to be about that account
 */
export function acceptIdentity(source: string, user: string, answer: SourceAnswer): Acceptance {
  const given: unknown = answer
  if (!isRecord(given)) return { fault: 'answered with nothing' }
  if ('refused' in given) return given['refused'] === 'wrong' ? { refused: 'wrong' } : { refused: 'unknown' }
  const identity = given['identity']
  if (!isRecord(identity)) return { fault: 'answered without an identity' }
  const { subject, name, email, displayName, groups } = identity
  if (!isText(subject)) return { fault: 'gave a subject that is not a short text' }
  if (typeof name !== 'string' || parseName(name) === undefined) return { fault: 'gave a name that no account can have' }
  if (name !== user) return { fault: `answered for another account than ${user}` }
  if (!Array.isArray(groups)) return { fault: 'gave no list of groups' }
  if (groups.length > mostGroups) return { fault: `gave ${groups.length} groups, more than ${mostGroups}` }
  const known = groups.filter((group): group is string => typeof group === 'string' && parseName(group) !== undefined)
  return {
    identity: {
      source,
      subject,
      name,
      email: isText(email) ? email : undefined,
      displayName: isText(displayName) ? displayName : undefined,
      groups: [...new Set(known)].sort(),
    },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isOneLine(value, longestText)
}
