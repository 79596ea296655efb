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

/**
 * @param limit seconds without a byte, while we wait for one, after which a sender is told that it takes too long; and for all that
 * is thrown away
 */
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
  #wait: Wait | undefined
  /** When the throwing away began. */
  #discarding: Wait | undefined

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

  discarding(tooLong: () => void): void {
    this.#discarding = { since: performance.now(), tooLong }
  }

  end(): void {
    this.#wait = this.#discarding = undefined
    this.#end(this)
  }

  /** Ends a wait that began before `latest`. */
  giveUp(latest: number): void {
    const [wait, discarding] = [this.#wait, this.#discarding]
    if (discarding !== undefined && discarding.since <= latest) {
      this.#discarding = undefined
      discarding.tooLong()
    }
    if (wait !== undefined && wait.since <= latest) {
      this.#wait = undefined
      wait.tooLong()
    }
  }
}

interface Wait {
  readonly since: number
  readonly tooLong: () => void
}
