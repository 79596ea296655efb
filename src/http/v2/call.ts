import type { Soon } from '../../lib/index.ts'
import type { Actor, Registry } from '../../registry/index.ts'
import type { Answer } from '../answer.ts'
import type { BodyWatch } from '../body.ts'
import type { Caching } from '../caching.ts'
import type { ManifestMemory } from '../manifest-memory.ts'

/** What all handlers of the API work with. */
export interface Api {
  readonly registry: Registry
  readonly limits: {
    /** The largest manifest accepted, in bytes. */
    readonly manifest: number
  }
  readonly manifestMemory: ManifestMemory
  readonly caching: Caching
}

/** One request to the API, taken apart but not yet checked: handlers parse what they use. */
export interface Call {
  readonly request: Request
  readonly actor: Actor
  /** The repository's name as it stands in the path. */
  readonly name: string
  /** What the path ends with: a reference, a digest or an upload id. */
  readonly last: string
  /** The query without its question mark. */
  readonly query: string
  readonly watch: BodyWatch | undefined
  /**
   * Who asks, proved again: a body may come slowly on purpose, and by its end the credential may be no good any more. Absent where nobody
   * has to prove anything.
   * @throws RegistryError `UNAUTHORIZED`
   */
  readonly actorNow?: (() => Soon<Actor>) | undefined
}

/** Answers one endpoint. Fails with a RegistryError; anything else is a fault of ours. */
export type Handler = (api: Api, call: Call) => Soon<Answer>
