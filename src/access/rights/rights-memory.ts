import type { Database } from '../../database/index.ts'
import { andThen, type Soon } from '../../lib/index.ts'
import type { Principal } from '../principal.ts'
import { createAllAddressRules } from './all-address-rules.ts'
import { noRights, type AddressRule, type PrincipalRights, type ProjectRights } from './granted.ts'
import { createLastAllowed, type LastAllowed } from './last-allowed.ts'
import { loadPrincipal, loadProject, loadProjects, loadRoles } from './load-rights.ts'
import type { ProjectFacts } from './rights.ts'
import type { RightsVersion } from './rights-version.ts'

/** What was loaded under one version of rights, and nothing else. Each call answers at once what is known already. */
export interface RightsMemory {
  /** Absent where there is no project of that name. */
  project(name: string): Soon<ProjectRights | undefined>
  principal(principal: Principal | undefined): Soon<PrincipalRights>
  /** Of all projects, by id. */
  addressRules(): Soon<ReadonlyMap<number, readonly AddressRule[]>>
  projects(): Soon<readonly ProjectFacts[]>
  readonly lastAllowed: LastAllowed
}

/** Names of projects come from clients, so what is not there is remembered within the same bound, apart from what is. */
const projectsInMemory = 10_000
/** Of all principals together, and one for each. */
const grantsInMemory = 200_000

/**
 * Answers the memory that may be used now. When the version moves all of it is forgotten; what was being loaded then is kept in the
 * memory that is gone, since it may be older than the change.
 */
export function createRightsMemory(database: Database, version: RightsVersion): () => Soon<RightsMemory> {
  const allAddressRules = createAllAddressRules(database)
  let memory: RightsMemory | undefined
  let madeAt: number | undefined
  return () =>
    andThen(version.current(), (now) => {
      if (memory === undefined || now !== madeAt) memory = createMemory(database, allAddressRules)
      madeAt = now
      return memory
    })
}

function createMemory(database: Database, allAddressRules: ReturnType<typeof createAllAddressRules>): RightsMemory {
  const project = remembering<ProjectRights | undefined>(projectsInMemory, () => 1)
  const principal = remembering(grantsInMemory, weightOf)
  // Whoever sends the same credential again is the same object: its key needs not be made.
  const ofObjects = new WeakMap<Principal, PrincipalRights>()
  const roles = rememberingOne(() => loadRoles(database))
  return {
    project: (name) => project(name, () => loadProject(database, name)),
    principal: (asking) => {
      if (asking === undefined) return noRights
      const known = ofObjects.get(asking)
      if (known !== undefined) return known
      return andThen(principal(keyOf(asking), async () => await loadPrincipal(database, asking, await roles())), (rights) => {
        ofObjects.set(asking, rights)
        return rights
      })
    },
    addressRules: rememberingOne(allAddressRules),
    projects: rememberingOne(() => loadProjects(database)),
    lastAllowed: createLastAllowed(),
  }
}

/** An account under another version, or in other groups, has other rights. */
function keyOf({ kind, id, version, groups }: Principal): string {
  return `${kind} ${id} ${version} ${groups.join()}`
}

function weightOf({ inSystem, inProjects }: PrincipalRights): number {
  let grants = 1 + inSystem.length
  for (const { all } of inProjects.values()) grants += all.length
  return grants
}

/**
 * Loads each key once, also when it is asked for again meanwhile. What could not be loaded is tried anew. Keys of nothing are kept apart:
 * whoever asks for one after the other pushes out nothing that is there.
 */
function remembering<V>(capacity: number, weigh: (value: V) => number): (key: string, load: () => Promise<V>) => Soon<V> {
  const [known, absent] = [bounded(capacity, weigh), bounded<V>(capacity, () => 1)]
  const loading = new Map<string, Promise<V>>()

  async function loadNow(key: string, load: () => Promise<V>): Promise<V> {
    try {
      const value = await load()
      const keep = value === undefined ? absent.keep : known.keep
      keep(key, value)
      return value
    } finally {
      loading.delete(key)
    }
  }

  return (key, load) => {
    const found = known.get(key) ?? absent.get(key)
    if (found !== undefined) return found.value
    const promise = loading.get(key) ?? loadNow(key, load)
    loading.set(key, promise)
    return promise
  }
}

/** When it is full it forgets all it knows: to remember what was not used for longest would cost every look more than the look. */
function bounded<V>(capacity: number, weigh: (value: V) => number) {
  const values = new Map<string, { readonly value: V }>()
  let weight = 0
  return {
    get: (key: string) => values.get(key),
    keep: (key: string, value: V): void => {
      const added = weigh(value)
      if (weight + added > capacity) {
        values.clear()
        weight = 0
      }
      values.set(key, { value })
      weight += added
    },
  }
}

function rememberingOne<V>(load: () => Promise<V>): () => Soon<V> {
  const one = remembering<V>(1, () => 1)
  return () => one('', load)
}
