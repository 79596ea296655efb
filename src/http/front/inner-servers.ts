import type { Logger } from '../../observe/index.ts'
import type { Listener } from '../listener.ts'
import type { Certificate } from './certificate.ts'

/** How a server behind the front is opened: on loopback, any port. */
export interface InnerOptions {
  readonly certificate: Certificate | undefined
  /** The address of the client whose connection comes from this port; absent when it did not come through the front. */
  readonly clientAt: (port: number) => string | undefined
}

/** A server inside, with one certificate as long as it lives. */
export interface Inner {
  readonly port: number
  /** A connection is being made. Must be followed by one `leave`. */
  enter(): void
  /** What comes from this port of ours is the client's at `address`. */
  arrived(port: number, address: string): void
  leave(port: number | undefined): void
}

/** The server that new connections go to, and the earlier ones, which end with their last connection. */
export interface InnerServers {
  readonly current: Inner
  use(certificate: Certificate): void
  stop(graceMs: number): Promise<void>
}

type OpenInner = (options: InnerOptions) => Listener

export function createInnerServers(open: OpenInner, certificate: Certificate | undefined, logger: Logger): InnerServers {
  const running = new Set<Generation>()
  let stopping = false
  let current = start(certificate)

  function start(shown: Certificate | undefined): Generation {
    const generation = new Generation(open, shown, () => {
      // A server that is being stopped with all others is waited for.
      if (stopping) return
      running.delete(generation)
      generation.stop(0).catch((error: unknown) => logger.warn('a listener could not be closed', { error }))
    })
    running.add(generation)
    return generation
  }

  function use(next: Certificate): void {
    const old = current
    current = start(next)
    old.retire()
  }

  async function stop(graceMs: number): Promise<void> {
    stopping = true
    await Promise.all([...running].map((generation) => generation.stop(graceMs)))
  }

  return Object.freeze({
    get current() {
      return current
    },
    use,
    stop,
  })
}

class Generation implements Inner {
  readonly #clients = new Map<number, string>()
  readonly #listener: Listener
  readonly #onUnused: () => void
  #connections = 0
  #retired = false

  constructor(open: OpenInner, certificate: Certificate | undefined, onUnused: () => void) {
    this.#listener = open({ certificate, clientAt: (port) => this.#clients.get(port) })
    this.#onUnused = onUnused
  }

  get port(): number {
    return this.#listener.port
  }

  enter(): void {
    this.#connections++
  }

  arrived(port: number, address: string): void {
    this.#clients.set(port, address)
  }

  leave(port: number | undefined): void {
    if (port !== undefined) this.#clients.delete(port)
    this.#connections--
    this.#endIfUnused()
  }

  /** No further connections come; it ends with the last one. */
  retire(): void {
    this.#retired = true
    this.#endIfUnused()
  }

  stop(graceMs: number): Promise<void> {
    return this.#listener.stop(graceMs)
  }

  #endIfUnused(): void {
    if (this.#retired && this.#connections === 0) this.#onUnused()
  }
}
