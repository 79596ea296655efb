import type { Socket, SocketHandler } from 'bun'

/** Seconds: how long each side may keep the other waiting. Bun counts in steps of 4. */
export interface Patience {
  /** For a client that does not take what is ready for it. */
  readonly idle: number
  /** For a client that goes on sending, or does not close, after the server has said its last. */
  readonly linger: number
}

/**
 * One of the two sockets of a connection through the front: the client's, or ours to the server inside. Bytes, the end of what one
 * side sends, and a break are passed on as they come; a side that takes nothing stops the reading from the other, so that a
 * connection never holds more than what one read gave.
 */
export class Leg {
  /** Takes what comes before the two sides are joined. */
  opening: ((bytes: Buffer) => void) | undefined
  readonly #isClient: boolean
  readonly #patience: Patience
  readonly #onClose: () => void
  #socket: Socket<Leg> | undefined
  #other: Leg | undefined
  /** What this socket could not take yet. */
  #waiting: Buffer | undefined
  /** The other side sends no more: the same is said here behind what waits. */
  #finishing = false
  #finished = false
  /** This side has said that it sends no more. */
  #ended = false
  #closed = false

  constructor(role: 'client' | 'server', patience: Patience, onClose: () => void) {
    this.#isClient = role === 'client'
    this.#patience = patience
    this.#onClose = onClose
  }

  get closed(): boolean {
    return this.#closed
  }

  opened(socket: Socket<Leg>): void {
    this.#socket = socket
    socket.setNoDelay(true)
  }

  /** @param seconds after which the connection is broken, whatever comes until then; unless it is held before */
  expect(seconds: number): void {
    this.#socket?.timeout(seconds)
  }

  /** Nothing more is read until `join`. */
  hold(): void {
    this.#socket?.timeout(0)
    this.#socket?.pause()
  }

  /** Says something of our own to a client that is not joined, and ends the connection. */
  answer(text: string): void {
    this.#socket?.write(text)
    this.finish()
    this.#socket?.timeout(this.#patience.linger)
  }

  /** @param first what the client had sent already */
  join(server: Leg, first: Buffer): void {
    this.#other = server
    server.#other = this
    this.#pass(server, first)
    if (this.#ended) server.finish()
    if (server.#waiting === undefined) this.#socket?.resume()
  }

  received(bytes: Buffer): void {
    if (this.#other === undefined) this.opening?.(bytes)
    else this.#pass(this.#other, bytes)
  }

  drained(): void {
    if (this.#waiting !== undefined) {
      const rest = this.#write(this.#waiting)
      this.#awaitReader(rest.length < this.#waiting.length)
      this.#waiting = rest
      if (rest.length > 0) return
      this.#waiting = undefined
      if (this.#isClient) this.#socket?.timeout(0)
      this.#other?.resume()
    }
    if (this.#finishing) this.finish()
  }

  /** This side sends no more, and may still read. */
  ended(): void {
    this.#ended = true
    this.opening?.(Buffer.alloc(0))
    this.#other?.finish()
    if (this.#finished || (this.#other?.closed ?? false)) this.#socket?.end()
  }

  /** The socket is gone. Where this was no orderly end, the other one breaks as well. */
  wasClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose()
    const other = this.#other
    if (other === undefined || other.#closed) return
    if (this.#isClient || !this.#ended) return other.break()
    // The server has closed, and the client is given the rest of the answer. What it still sends is read and dropped: closing
    // over unread bytes would make the system reset the connection, and the client lose the answer.
    other.resume()
    if (other.#waiting === undefined) other.expect(this.#patience.linger)
  }

  resume(): void {
    this.#socket?.resume()
  }

  /** Breaks the connection without a word. */
  break(): void {
    this.#socket?.terminate()
  }

  #pass(to: Leg, bytes: Buffer): void {
    if (to.#closed || bytes.length === 0) return
    if (to.#waiting !== undefined) {
      to.#waiting = Buffer.concat([to.#waiting, bytes])
      return
    }
    const rest = to.#write(bytes)
    if (rest.length === 0) return
    to.#waiting = rest
    to.#awaitReader(true)
    this.#socket?.pause()
  }

  /** Answers what was not written. */
  #write(bytes: Buffer): Buffer {
    return bytes.subarray(Math.max(this.#socket?.write(bytes) ?? 0, 0))
  }

  /** The server may take its time over what a client sent; a client that reads nothing is let go. */
  #awaitReader(moved: boolean): void {
    if (this.#isClient && moved) this.#socket?.timeout(this.#patience.idle)
  }

  /** Says that no more comes, behind what waits. */
  finish(): void {
    this.#finishing = true
    if (this.#waiting !== undefined || this.#finished || this.#closed) return
    this.#finished = true
    if (this.#ended) {
      this.#socket?.end()
      return
    }
    this.#socket?.shutdown()
    if (this.#other?.closed ?? false) this.#socket?.timeout(this.#patience.linger)
  }
}

/** What Bun calls for the sockets of either side. */
export const legHandlers: SocketHandler<Leg> = {
  data: ({ data: leg }, bytes) => leg.received(bytes),
  drain: ({ data: leg }) => leg.drained(),
  end: ({ data: leg }) => leg.ended(),
  timeout: ({ data: leg }) => leg.break(),
  close: ({ data: leg }) => leg.wasClosed(),
  // What is thrown in one of these would be a mistake of ours: only this connection is to suffer from it.
  error: ({ data: leg }) => leg.break(),
}
