import type { Soon } from '../lib/index.ts'
import type { RepositoryName, Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'

/** What an actor may want of a repository. `list` is the catalog, which names no repository; `restore` and `purge` are of its trash. */
export type Action = 'pull' | 'push' | 'delete' | 'restore' | 'purge' | 'list'

/**
 * What a decision is about. `tag` is given where a rule may depend on it; with `push` also `exists`: whether the tag is moved, or created.
 */
export interface AuthorizationQuestion {
  readonly actor: Actor
  readonly action: Action
  readonly namespace: string | undefined
  readonly repository: RepositoryName | undefined
  readonly tag?: Tag
  readonly exists?: boolean
}

/** The answer, with the rule that decided, so that a refusal can be explained. */
export interface Decision {
  readonly allowed: boolean
  readonly rule: string
  /** Id of the project that it is about: it is true of no other one that has this name by the time something is read or written there. */
  readonly project?: number | undefined
  /** Of a refusal: the actor may not even know whether the repository is there. The answer tells nothing, not the rule either. */
  readonly hidden?: boolean
  /** Of a refusal: what the repository lies in is deleted, and the actor may know. To whoever reads, it is not there. */
  readonly gone?: boolean
  /** Of a refusal: other credentials may be allowed to. The answer asks for them, and tells nothing more. */
  readonly login?: boolean
}

/** The one authorization choke point of the core. Everything it does not allow is refused. */
export type Authorize = (question: AuthorizationQuestion) => Soon<Decision>

/** What a push may create where it finds nothing. Asked before; the transaction, which alone knows what is missing, goes by it. */
export interface MayCreate {
  /** Id of the project that was asked about, null where there was none: in any other one nothing is done. Absent: any will do. */
  readonly project?: number | null | undefined
  readonly repository: boolean
  readonly newProject: boolean
  /** Who administers a project made by this push. */
  readonly maker?: ProjectMaker | undefined
}

export interface ProjectMaker {
  readonly kind: 'account' | 'robot'
  readonly id: number
}

/** Answers what a push of this actor may create on its way to the repository. */
export type EnsureRepository = (actor: Actor, repository: RepositoryName) => Soon<MayCreate>

/**
 * Paths of repositories that the actor may list, in byte order, from `last` on without itself, at most `limit`. Filtered where
 * they are read, before paging.
 */
export type RepositoryPage = (actor: Actor, last: string, limit: number) => Promise<readonly { readonly name: string }[]>

/** Counts what is used, in passing: it neither waits nor fails. A repository is meant by its id. */
export interface Meter {
  /** Somebody asked whether a manifest is there, and it is. */
  asked(repositoryId: number, digest: string): void
  /** `bytes`: of the manifest. */
  pulledManifest(actor: Actor, repositoryId: number, digest: string, bytes: number): void
  /** `bytes`: what is about to be sent, all of the blob or a part. */
  pulledBlob(actor: Actor, repositoryId: number, bytes: number): void
  pushedManifest(actor: Actor, repositoryId: number, bytes: number): void
  /** `bytes`: of the blob that was sent, also where it was here before. */
  pushedBlob(actor: Actor, repositoryId: number, bytes: number): void
}

/** The answer while there is no access control: the listener is on loopback, or was opened to anyone on purpose. */
export const allowAll: Authorize = () => ({ allowed: true, rule: 'open' })
