import type { Grant, ProjectGrants } from './granted.ts'

/** So many are looked at faster than they are looked up. */
const few = 8

export function projectGrants(all: readonly Grant[]): ProjectGrants {
  if (all.length <= few) return { all, near: () => all }
  const exact = new Map<string, Grant[]>()
  const beginnings = new Map<string, Grant[]>()
  for (const grant of all) append(grant.pattern.exact ? exact : beginnings, grant.pattern.prefix, grant)
  const lengths = [...new Set([...beginnings.keys()].map((beginning) => beginning.length))].sort((a, b) => a - b)

  function near(path: string): readonly Grant[] {
    const found = [...(exact.get(path) ?? [])]
    for (const length of lengths) {
      if (length > path.length) break
      for (const grant of beginnings.get(path.slice(0, length)) ?? []) found.push(grant)
    }
    return found
  }

  return { all, near }
}

function append(lists: Map<string, Grant[]>, key: string, grant: Grant): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [grant])
  else list.push(grant)
}
