import type { Logger } from '../../observe/index.ts'
import type { Listener } from '../listener.ts'
import type { Certificate } from './certificate.ts'

/** How a server behind the front is opened: on loopback, any port. */
export interface InnerOptions {
  readonly certificate: Certificate | undefined
  /** The address of the client whose connection comes from this end; absent when it did not come through the front. */
  readonly clientAt: (end: ConnectionEnd) => string | undefined
}

/** The far end of a connection, as its socket gives it. */
export interface ConnectionEnd {
  readonly address: string
  readonly port: number
}

/** Where the front connects from, and to. */
export const innerHost = '127.0.0.1'

/** A server inside, with one certificate as long as it lives. */
export interface Inner {
  readonly port: number
  /** A connection is being made. */
  enter(): Passage
}

/** One connection to a server inside. */
export interface Passage {
  /** What comes from this port of ours is the client's at `address`. */
  arrived(port: number, address: string): void
  /** Must be called once. */
  leave(): void
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
  /** By the ports that we connect from. */
  readonly #clients = new Map<number, { readonly address: string }>()
  readonly #listener: Listener
  readonly #onUnused: () => void
  #connections = 0
  #retired = false

  constructor(open: OpenInner, certificate: Certificate | undefined, onUnused: () => void) {
    this.#listener = open({ certificate, clientAt: (end) => this.#clientAt(end) })
    this.#onUnused = onUnused
  }

  get port(): number {
    return this.#listener.port
  }

  enter(): Passage {
    this.#connections++
    let own: { readonly port: number; readonly client: { readonly address: string } } | undefined
    return {
      arrived: (port, address) => {
        own = { port, client: { address } }
        this.#clients.set(port, own.client)
      },
      leave: () => {
        // The system gives a port away as soon as a connection is reset, and we may hear of that later.
        if (own !== undefined && this.#clients.get(own.port) === own.client) this.#clients.delete(own.port)
        this.#connections--
        this.#endIfUnused()
      },
    }
  }

  /** The same port of another address of loopback is anybody's on this machine. */
  #clientAt({ address, port }: ConnectionEnd): string | undefined {
    return address === innerHost ? this.#clients.get(port)?.address : undefined
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
