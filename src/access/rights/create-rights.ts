import type { Database } from '../../database/index.ts'
import { andThen, type Soon } from '../../lib/index.ts'
import { namespaceOf } from '../../oci/index.ts'
import { pathBelow } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { addressRuleRefusal, decide, isHeld, isPublic, type Question } from './decide.ts'
import { explain } from './explain.ts'
import { findPrincipal } from './find-principal.ts'
import type { AddressRule } from './granted.ts'
import { isNarrowed, listScopeOf, narrow } from './list-scope.ts'
import type { Decision, ListScope, Place, ProjectFacts, Rights } from './rights.ts'
import { createRightsMemory, type RightsMemory } from './rights-memory.ts'
import type { RightsVersion } from './rights-version.ts'

export interface RightsDeps {
  readonly database: Database
  readonly version: RightsVersion
}

export function createRights({ database, version }: RightsDeps): Rights {
  const memory = createRightsMemory(database, version)

  function projectOf(name: string): Soon<ProjectFacts | undefined> {
    return andThen(memory(), (now) => {
      const known = now.project(name)
      const isKnown = known !== undefined && !(known instanceof Promise)
      if (isKnown || database.version !== undefined) return andThen(known, (project) => project?.facts)
      // Also where it is being loaded: what is remembered of whoever asks may be from before it was made.
      return andThen(version.refresh(), () => andThen(memory(), (fresh) => andThen(fresh.project(name), (project) => project?.facts)))
    })
  }

  return Object.freeze<Rights>({
    decide: (principal, permission, at, address) =>
      andThen(memory(), (now) => now.lastAllowed.find(principal, permission, at, address) ?? decideAnew(now, principal, permission, at, address)),
    holds: (principal, permission, at) =>
      andThen(memory(), (now) => andThen(questionOf(now, principal, permission, at, undefined), isHeld)),
    barredFrom: (principal, address) =>
      andThen(memory(), (now) => andThen(now.principal(principal), ({ addressRules }) => barringRule(addressRules, address))),
    isPublic: (repository) =>
      andThen(memory(), (now) => andThen(now.project(namespaceOf(repository)), (project) => project !== undefined && isPublic(project))),
    projectOf,
    listScope: (principal, permission, address) => andThen(memory(), (now) => listScope(now, principal, permission, address)),
    explain: async (who, permission, at, address) => {
      const principal = who === undefined ? undefined : await findPrincipal(database, who)
      if (who !== undefined && principal === undefined) return undefined
      return explain(await questionOf(await memory(), principal, permission, at, address))
    },
  })
}

function decideAnew(
  memory: RightsMemory,
  principal: Principal | undefined,
  permission: Permission,
  at: Place,
  address: string,
): Soon<Decision> {
  return andThen(questionOf(memory, principal, permission, at, address), (question) => {
    const decision = decide(question)
    memory.lastAllowed.note(principal, permission, at, address, decision)
    return decision
  })
}

function barringRule(rules: readonly AddressRule[], address: string): string | undefined {
  const rule = rules.find(({ permissions, networks }) => permissions === undefined && !networks.has(address))
  return rule && addressRuleRefusal(rule, address)
}

/** With what is known of the place and of the principal. */
function questionOf(
  memory: RightsMemory,
  principal: Principal | undefined,
  permission: Permission,
  { repository, project: named, tag }: Place,
  address: string | undefined,
): Soon<Question> {
  const name = repository === undefined ? named : namespaceOf(repository)
  const path = repository === undefined ? undefined : pathBelow(repository)
  return andThen(name === undefined ? undefined : memory.project(name), (project) =>
    andThen(memory.principal(principal), (rights) => ({ principal, rights, permission, project, path, tag, address })),
  )
}

async function listScope(
  memory: RightsMemory,
  principal: Principal | undefined,
  permission: 'repository.list' | 'project.read',
  address: string,
): Promise<ListScope> {
  const [rights, addressRules] = [await memory.principal(principal), await memory.addressRules()]
  const scope = listScopeOf({ principal, rights, permission, address, addressRules })
  if (principal === undefined || !isNarrowed(principal, permission)) return scope
  return narrow(scope, principal, permission, await memory.projects())
}
