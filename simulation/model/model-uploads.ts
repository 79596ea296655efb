import type { Digest } from '../../src/oci/index.ts'
import type { ModelRegistry } from './model-registry.ts'
import { Refused, type Limits } from './refused.ts'

/** A session as its client sees it. */
export interface Session {
  readonly repository: string
  /** Until then its name alone stands for a session in which nothing was written. */
  readonly nameGoodUntil: number
  /** Absent while nothing was written that has to be remembered. */
  written: Written | undefined
}

interface Written {
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
    this.sessions.set(id, { repository, nameGoodUntil: this.#expiry(), written: undefined })
  }

  status(id: number, repository: string): number {
    return receivedBy(this.#open(id, repository))
  }

  /** Many bytes are about to come: their session has a row before they are acknowledged. */
  open(id: number): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.written !== undefined) return
    this.#registry.take(session.repository)
    session.written = { received: 0, expiresAt: this.#expiry() }
  }

  /** Bytes that came before a connection broke count. */
  append(id: number, repository: string, body: Body): number {
    const session = this.#open(id, repository)
    checkStart(session, body)
    this.#registry.take(repository)
    const received = receivedBy(session) + (body.cutAfter ?? body.size)
    session.written = { received, expiresAt: this.#expiry() }
    if (body.cutAfter !== undefined) throw new Refused('SIZE_INVALID')
    return received
  }

  /** `actual`: the digest of all bytes. A second time it answers the same, whatever it brings. */
  finish(id: number, repository: string, claimed: Digest, body: Body, actual: string): void {
    const session = this.#find(id, repository)
    const finished = session.written?.finished
    if (finished !== undefined) {
      if (finished !== claimed) throw new Refused('BLOB_UPLOAD_UNKNOWN')
      return
    }
    checkStart(session, body)
    const size = receivedBy(session) + body.size
    this.#registry.receive(repository, size)
    if (actual !== claimed) {
      this.sessions.delete(id)
      throw new Refused('DIGEST_INVALID')
    }
    // A few bytes that came with the closing request alone leave nothing of the session to remember.
    if (session.written !== undefined || size > this.#limits.inline) {
      session.written = { received: size, finished: claimed, expiresAt: this.#registry.state.now + this.#limits.finishedStays }
    }
    this.#registry.commit(repository, { digest: claimed, size })
  }

  cancel(id: number, repository: string): void {
    this.#open(id, repository)
    this.sessions.delete(id)
  }

  collect(): void {
    for (const session of this.sessions.values()) {
      if (session.written !== undefined && session.written.expiresAt <= this.#registry.state.now) session.written = undefined
    }
  }

  #expiry(): number {
    return this.#registry.state.now + this.#limits.uploadExpiry
  }

  /** One that belongs to another repository does not exist. */
  #find(id: number, repository: string): Session {
    const session = this.sessions.get(id)
    if (session?.repository !== repository) throw new Refused('BLOB_UPLOAD_UNKNOWN')
    const expired = session.written === undefined && session.nameGoodUntil <= this.#registry.state.now
    if (expired) throw new Refused('BLOB_UPLOAD_UNKNOWN')
    return session
  }

  #open(id: number, repository: string): Session {
    const session = this.#find(id, repository)
    if (session.written?.finished !== undefined) throw new Refused('BLOB_UPLOAD_UNKNOWN')
    return session
  }
}

function receivedBy({ written }: Session): number {
  return written?.received ?? 0
}

function checkStart(session: Session, { first }: Body): void {
  if (first !== undefined && first !== receivedBy(session)) throw new Refused('RANGE_INVALID')
}
