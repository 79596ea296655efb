import type { AddressSet } from '../../lib/index.ts'
import type { PathPattern } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import type { ProjectFacts } from './rights.ts'
import type { TagPattern } from './tag-pattern.ts'

/** Permissions that somebody was given somewhere. */
export interface Grant {
  /** Id of the project; absent for the whole system. */
  readonly project: number | undefined
  /** Its present name. */
  readonly projectName: string | undefined
  readonly pattern: PathPattern
  /** Absent for what a robot holds by itself. */
  readonly role: string | undefined
  readonly permissions: ReadonlySet<Permission>
  /** For people: `role developer, granted to group dev in project team on web/*`. */
  readonly name: string
}

/** Matching tags may be created, moved or deleted through these roles only; without a role, by nobody. */
export interface TagRule {
  readonly pattern: PathPattern
  readonly tags: TagPattern
  readonly permissions: ReadonlySet<Permission>
  readonly roles: readonly string[]
}

/** These networks alone may use the permissions. Where several rules name one, the address has to be in all of them. */
export interface AddressRule {
  /** Absent: all. */
  readonly permissions: ReadonlySet<Permission> | undefined
  readonly networks: AddressSet
  /** For people: `project team`, `account alice`, `robot team+robot$ci`. */
  readonly of: string
}

/** What holds in a project for everybody. */
export interface ProjectRights {
  readonly facts: ProjectFacts
  readonly tagRules: readonly TagRule[]
  readonly addressRules: readonly AddressRule[]
}

/** What one principal was given in one project. */
export interface ProjectGrants {
  readonly all: readonly Grant[]
  /** Those whose pattern matches the path, and maybe others: few, however many there are. */
  near(path: string): readonly Grant[]
}

/** What one principal was given, by itself and by its groups. */
export interface PrincipalRights {
  readonly inSystem: readonly Grant[]
  /** By the id of the project. */
  readonly inProjects: ReadonlyMap<number, ProjectGrants>
  readonly addressRules: readonly AddressRule[]
}

/** Nobody gave anything to an anonymous caller. */
export const noRights: PrincipalRights = Object.freeze({ inSystem: [], inProjects: new Map<number, ProjectGrants>(), addressRules: [] })
