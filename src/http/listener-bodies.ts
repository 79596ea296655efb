import type { BodyWatch } from './body.ts'

/** Watches all bodies that come in, with one timer: a timer for each piece of each body would cost more than the piece. */
export interface IncomingBodies {
  /** A body is about to be read. */
  begin(): IncomingBody
}

export interface IncomingBody extends BodyWatch {
  /** Whether all of it came. */
  readonly whole: boolean
  /** Nobody reads it any more. */
  end(): void
}

/** Ms between two looks. */
const interval = 1000

/** @param limit seconds without a byte, while we wait for one, after which a sender is told that it takes too long */
export function createIncomingBodies(limit: number): IncomingBodies {
  const bodies = new Set<Body>()
  let timer: Timer | undefined

  function look(): void {
    const latest = performance.now() - limit * 1000
    for (const body of bodies) body.giveUp(latest)
  }

  function end(body: Body): void {
    bodies.delete(body)
    if (bodies.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  function begin(): IncomingBody {
    const body = new Body(end)
    bodies.add(body)
    timer ??= setInterval(look, interval)
    return body
  }

  return Object.freeze({ begin })
}

class Body implements IncomingBody {
  whole = false
  readonly #end: (body: Body) => void
  /** When the wait began, and what to call when it is too long; absent while the sender waits for us. */
  #wait: { readonly since: number; readonly tooLong: () => void } | undefined

  constructor(end: (body: Body) => void) {
    this.#end = end
  }

  waiting(tooLong: () => void): void {
    this.#wait = { since: performance.now(), tooLong }
  }

  received(): void {
    this.#wait = undefined
  }

  complete(): void {
    this.#wait = undefined
    this.whole = true
  }

  end(): void {
    this.#wait = undefined
    this.#end(this)
  }

  /** Ends a wait that began before `latest`. */
  giveUp(latest: number): void {
    if (this.#wait === undefined || this.#wait.since > latest) return
    const { tooLong } = this.#wait
    this.#wait = undefined
    tooLong()
  }
}
