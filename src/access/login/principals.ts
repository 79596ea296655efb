import type { AccountRow } from '../accounts/account-store.ts'
import { formatRobotName } from '../name.ts'
import { matchesPath } from '../path-pattern.ts'
import type { OwnedTokenRow } from '../personal-tokens/token-store.ts'
import type { Ceiling, Principal } from '../principal.ts'
import type { RobotRow } from '../robots/robot-store.ts'

/** Rows as principals, with what the credential takes away. */

export function principalOfAccount({ id, name, version, must_change: mustChange }: AccountFacts, groups: readonly number[]): Principal {
  return { kind: 'account', id, name, version, groups, project: undefined, ceilings: [], mustChange: mustChange !== 0 }
}

type AccountFacts = Pick<AccountRow, 'id' | 'name' | 'version' | 'must_change'>

export function principalOfRobot({ id, name, version, project, namespace_id: namespace }: RobotRow): Principal {
  const login = formatRobotName(project ?? undefined, name)
  return { kind: 'robot', id, name: login, version, groups: [], project: namespace ?? undefined, ceilings: [], mustChange: false }
}

export function principalOfToken(row: OwnedTokenRow, groups: readonly number[]): Principal {
  const owner = { id: row.account_id, name: row.owner, version: row.version, must_change: row.must_change }
  const ceiling = ceilingOf(row)
  return { ...principalOfAccount(owner, groups), ceilings: ceiling === undefined ? [] : [ceiling] }
}

/** Absent for a token that allows all that its owner may do. */
function ceilingOf({ name, kind, permissions: list, namespace_id: project, prefix, exact }: OwnedTokenRow): Ceiling | undefined {
  const permissions = list === null ? undefined : new Set(JSON.parse(list) as string[])
  const place = project === null ? undefined : { project, pattern: { prefix: prefix ?? '', exact: exact === 1 } }
  if (permissions === undefined && place === undefined) return undefined
  return Object.freeze<Ceiling>({
    name: `${kind === 'key' ? 'API key' : 'token'} "${name}"`,
    allows: (permission, inProject, path) => {
      if (permissions?.has(permission) === false) return false
      if (place === undefined) return true
      if (inProject !== place.project) return false
      // What is asked of the whole project is more than a part of it.
      const { pattern } = place
      return path === undefined ? pattern.prefix === '' && !pattern.exact : matchesPath(pattern, path)
    },
  })
}
