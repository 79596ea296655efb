import type { Digest } from '../../src/oci/index.ts'
import type { ModelRegistry } from './model-registry.ts'
import { Refused, type Limits } from './refused.ts'

/** A session as its client sees it. */
export interface Session {
  readonly repository: string
  received: number
  expiresAt: number
  /** The digest it ended with. */
  finished?: Digest
}

export interface Body {
  readonly size: number
  readonly first: number | undefined
  /** The connection broke after so many bytes. */
  readonly cutAfter: number | undefined
}

/** The part of the specification about upload sessions. A session is named by a number here. */
export class ModelUploads {
  readonly sessions: Map<number, Session>
  readonly #registry: ModelRegistry
  readonly #limits: Limits

  constructor(limits: Limits, registry: ModelRegistry, sessions: Map<number, Session>) {
    this.#limits = limits
    this.#registry = registry
    this.sessions = sessions
  }

  begin(id: number, repository: string): void {
    this.#registry.take(repository)
    this.sessions.set(id, { repository, received: 0, expiresAt: this.#expiry() })
  }

  status(id: number, repository: string): number {
    return this.#open(id, repository).received
  }

  /** Bytes that came before a connection broke count. */
  append(id: number, repository: string, body: Body): number {
    const session = this.#open(id, repository)
    checkStart(session, body)
    session.expiresAt = this.#expiry()
    session.received += body.cutAfter ?? body.size
    if (body.cutAfter !== undefined) throw new Refused('SIZE_INVALID')
    return session.received
  }

  /** `actual`: the digest of all bytes. A second time it answers the same, whatever it brings. */
  finish(id: number, repository: string, claimed: Digest, body: Body, actual: string): void {
    const session = this.#find(id, repository)
    if (session.finished !== undefined) {
      if (session.finished !== claimed) throw new Refused('BLOB_UPLOAD_UNKNOWN')
      return
    }
    checkStart(session, body)
    if (actual !== claimed) {
      this.sessions.delete(id)
      throw new Refused('DIGEST_INVALID')
    }
    session.received += body.size
    session.finished = claimed
    session.expiresAt = this.#registry.state.now + this.#limits.finishedStays
    this.#registry.commit(repository, { digest: claimed, size: session.received })
  }

  cancel(id: number, repository: string): void {
    this.#open(id, repository)
    this.sessions.delete(id)
  }

  collect(): void {
    for (const [id, { expiresAt }] of this.sessions) if (expiresAt <= this.#registry.state.now) this.sessions.delete(id)
  }

  #expiry(): number {
    return this.#registry.state.now + this.#limits.uploadExpiry
  }

  /** One that belongs to another repository does not exist. */
  #find(id: number, repository: string): Session {
    const session = this.sessions.get(id)
    if (session?.repository !== repository) throw new Refused('BLOB_UPLOAD_UNKNOWN')
    return session
  }

  #open(id: number, repository: string): Session {
    const session = this.#find(id, repository)
    if (session.finished !== undefined) throw new Refused('BLOB_UPLOAD_UNKNOWN')
    return session
  }
}

function checkStart({ received }: Session, { first }: Body): void {
  if (first !== undefined && first !== received) throw new Refused('RANGE_INVALID')
}
