/**
 * Some of the repositories of a project, by their path below it; '' is the repository at its root. As rows keep it: a beginning of
 * the path, or with `exact` all of it.
 */
export interface PathPattern {
  readonly prefix: string
  readonly exact: boolean
}

/** As long as a repository's name may be. */
const longest = 255

const path = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
/** Whatever a path may begin with, up to the middle of a separator. */
const beginning = /^(?:[a-z0-9]+(?:[._/]|__|-+))*[a-z0-9]*$/

/**
 * Reads `*` (everything), `web/*` or `web-*` (a beginning), `web/app` (that repository alone), '' (the one at the root). Absent for
 * anything else: a pattern that could never match would only look like a rule.
 */
export function parsePathPattern(text: string): PathPattern | undefined {
  if (text.length > longest) return undefined
  if (text.endsWith('*')) {
    const prefix = text.slice(0, -1)
    return beginning.test(prefix) ? { prefix, exact: false } : undefined
  }
  return text === '' || path.test(text) ? { prefix: text, exact: true } : undefined
}

export function formatPathPattern({ prefix, exact }: PathPattern): string {
  return exact ? prefix : `${prefix}*`
}

/** @param path below the project */
export function matchesPath({ prefix, exact }: PathPattern, path: string): boolean {
  return exact ? path === prefix : path.startsWith(prefix)
}

/** The path of a repository below its project: `web/app` of `team/web/app`, '' of `team`. */
export function pathBelow(repository: string): string {
  const slash = repository.indexOf('/')
  return slash === -1 ? '' : repository.slice(slash + 1)
}
