/** A name of an account, a group, a robot or a role; projects keep to the same letters. */
export type Name = string & { readonly brand: 'Name' }

const longestName = 64
const pattern = /^[a-z0-9]+([._-][a-z0-9]+)*$/

/**
 * Reads a name: lower-case ASCII letters and digits, with single `.`, `_` or `-` between them, at most 64. Nothing is folded or
 * trimmed, so that no two texts are one name, and no name looks like another in a list. Absent for anything else.
 */
export function parseName(text: string): Name | undefined {
  return text.length <= longestName && pattern.test(text) ? (text as Name) : undefined
}

/** A robot as people and clients write it: `robot$ci` of the whole system, `team+robot$ci` of a project. */
export interface RobotName {
  readonly project: string | undefined
  readonly name: Name
}

/** Reads what stands for a robot where a user name is asked for. Absent for anything else: names of accounts have no `$`. */
export function parseRobotName(text: string): RobotName | undefined {
  if (text.length > 2 * longestName + '+robot$'.length) return undefined
  const at = text.indexOf(marker)
  if (at < 0) return undefined
  const name = parseName(text.slice(at + marker.length))
  if (name === undefined) return undefined
  if (at === 0) return { project: undefined, name }
  if (text[at - 1] !== '+') return undefined
  const project = parseName(text.slice(0, at - 1))
  return project === undefined ? undefined : { project, name }
}

export function formatRobotName(project: string | undefined, name: string): string {
  return project === undefined ? `${marker}${name}` : `${project}+${marker}${name}`
}

const marker = 'robot$'
