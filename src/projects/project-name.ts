import { parseName } from '../access/index.ts'

/** Narrower than the first component of a repository's path may be: ASCII in lower case, so that no name looks like another. */
export function isProjectName(text: string): boolean {
  return parseName(text) !== undefined
}
