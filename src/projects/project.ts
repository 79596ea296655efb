import type { EventActor } from '../record/index.ts'

/** `public`: anybody may pull; `internal`: whoever is logged in; `private`: whoever has a grant. */
export type Visibility = 'public' | 'internal' | 'private'

/** `frozen`: archived, everything can be pulled and nothing changed. `deleting`: nobody can see it any more. */
export type ProjectState = 'live' | 'frozen' | 'deleting'

export interface Project {
  /** Never given to another project, not even to one that is made under the same name later. */
  readonly id: number
  readonly name: string
  readonly visibility: Visibility
  readonly state: ProjectState
  /** Ms since the epoch. */
  readonly createdAt: number
}

/** Who gets a role in a project as it is made. */
export interface ProjectAdmin {
  readonly kind: 'account' | 'robot'
  readonly id: number
}

/** Who asks for a change of a project. */
export interface ProjectCommand {
  readonly id: number
  readonly actor: EventActor
}
