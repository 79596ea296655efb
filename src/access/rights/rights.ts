import type { Soon } from '../../lib/index.ts'
import type { RepositoryName, Tag } from '../../oci/index.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'

/** What a question is about. Neither a repository nor a project: the whole system. Names are canonical: no aliases. */
export interface Place {
  readonly repository?: RepositoryName | undefined
  readonly project?: string | undefined
  /** Only with a repository and a permission of tags. */
  readonly tag?: Tag | undefined
}

/** What everybody's rights in a project depend on. */
export interface ProjectFacts {
  /** Never given out twice, also not to a project that is made again under the same name. */
  readonly id: number
  readonly name: string
  readonly visibility: 'public' | 'internal' | 'private'
  /** `frozen`: archived, to be read only. */
  readonly state: 'live' | 'frozen' | 'deleting'
  readonly createdAt: number
  /** Of a deleted one that can be brought back: its number in the trash, and until when, in ms since the epoch. */
  readonly trash?: { readonly number: number; readonly until: number } | undefined
}

export interface Decision {
  readonly allowed: boolean
  /** In plain English, what decided. Nothing for the client to see where `hidden`. */
  readonly rule: string
  /** Of what is allowed: the id of the project that it is allowed in; absent where there is none. */
  readonly project?: number | undefined
  /** Of a refusal: the asker may not even know that the place exists. It is answered as if nothing was there. */
  readonly hidden: boolean
  /** Of a refusal: the credential takes it away, before anything else was looked at. A wider one of the same owner may be allowed. */
  readonly narrowed: boolean
  /** Of a refusal: the project is deleted, and the asker may know; nothing is there to be read. */
  readonly gone?: true
}

/** One thing that was looked at on the way to a decision. */
export interface Consideration {
  /** `grant`, `tag rule`, `address rule`, `project`, `visibility`, `credential`, `account`. */
  readonly kind: string
  /** Names it: `role developer, granted to group dev in project team on web/*`. */
  readonly text: string
  readonly verdict: 'allows' | 'refuses' | 'does not apply'
  /** It is the one of `rule`. None is where nothing gives the permission. */
  readonly decided: boolean
}

export interface Explanation {
  readonly allowed: boolean
  readonly rule: string
  /** In the order in which it counts. */
  readonly considered: readonly Consideration[]
}

/** Where a principal sees repositories: what a list is filtered by. */
export interface ListScope {
  /** In every project there is, except `excluded`. */
  readonly everywhere: boolean
  /** Whatever is public, and for some also what is internal, is seen without a grant. */
  readonly visibilities: readonly ProjectFacts['visibility'][]
  /** Ids of projects of which all is seen. */
  readonly projects: readonly number[]
  /** Repositories by their whole path, in parts of further projects: those from `from` on and below `to`. */
  readonly ranges: readonly ListRange[]
  /** Ids of projects of which nothing is seen, whatever the rest says: from this address. */
  readonly excluded: readonly number[]
}

export interface ListRange {
  readonly project: number
  readonly from: string
  readonly to: string
}

/** What a principal may do. One place decides it all; whatever is not allowed by something is refused. */
export interface Rights {
  /**
   * At once where everything is in memory. `principal` is absent for anonymous callers. Fails with UNAVAILABLE (thrown at once or
   * later) when it cannot be known.
   *
   * @param address of the client, as `parseIpAddress` writes it
   */
  decide(principal: Principal | undefined, permission: Permission, at: Place, address: string): Soon<Decision>
  /**
   * Whether a grant gives the permission there, whatever stands in its way just now: nobody hands on what is not theirs. What is open to
   * everybody does not count.
   */
  holds(principal: Principal, permission: Permission, at: Place): Soon<boolean>
  /** Why the principal may do nothing from that address, in plain English: an allow-list of its own. Absent where none is in the way. */
  barredFrom(principal: Principal, address: string): Soon<string | undefined>
  /** Whether anybody may pull from it, from everywhere. What `decide` answers for nobody without an address, at less cost: every read asks it. */
  isPublic(repository: RepositoryName): Soon<boolean>
  /**
   * Of a project that has not been deleted, by its present name. Where other processes write, one that is not in memory may have been made
   * by another of them a moment ago, and whoever made it comes here with the next request: then the database is asked, and what is
   * decided from then on knows it.
   */
  projectOf(name: string): Soon<ProjectFacts | undefined>
  /** For lists of repositories, and with `project.read` of projects. */
  listScope(principal: Principal | undefined, permission: 'repository.list' | 'project.read', address: string): Soon<ListScope>
  /**
   * What `decide` would answer, with everything it looks at. Absent when there is nobody of that name.
   *
   * @param who `alice`, `robot$ci`, `team+robot$ci`; absent for an anonymous caller
   * @param address absent: as if no address rule stood in the way
   */
  explain(who: string | undefined, permission: Permission, at: Place, address: string | undefined): Promise<Explanation | undefined>
}
