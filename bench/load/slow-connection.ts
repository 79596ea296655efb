/** A connection that is as slow as it likes. */
export interface SlowConnection {
  /** Bytes of the body that went over it until now. */
  readonly moved: () => number
  /** Why it ended before it was broken off, if it did. */
  readonly failure: () => string | undefined
  /** Without a goodbye. */
  readonly breakOff: () => void
}

const statusEnd = 'HTTP/1.1 200'.length

/** Reads an answer piece by piece, with a pause of so many milliseconds after each. */
export async function readSlowly(port: number, target: string, pause: number): Promise<SlowConnection> {
  let moved = 0
  let failure: string | undefined
  let broken = false
  /** As much of the answer's beginning as has its status; a server may send it in pieces. */
  let beginning = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (connection, bytes) => {
        if (beginning.length < statusEnd) {
          beginning += bytes.toString('latin1', 0, statusEnd)
          if (beginning.length >= statusEnd && !beginning.startsWith('HTTP/1.1 200')) failure = beginning.slice(0, statusEnd)
        }
        moved += bytes.byteLength
        connection.pause()
        setTimeout(() => void (broken || connection.resume()), pause)
      },
      close: () => void (broken || (failure ??= 'the server closed the connection')),
      error: (_, error) => void (failure ??= error.message),
    },
  })
  socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const breakOff = (): void => {
    broken = true
    socket.terminate()
  }
  return Object.freeze({ moved: () => moved, failure: () => failure, breakOff })
}

/** Announces a PATCH of a gigabyte, and sends a piece of it now and every so many milliseconds. */
export async function writeSlowly(port: number, target: string, piece: Uint8Array, pause: number): Promise<SlowConnection> {
  let moved = 0
  let failure: string | undefined
  let broken = false
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, bytes) => void (failure ??= `answered early: ${bytes.toString('latin1', 0, 100)}`),
      close: () => void (broken || (failure ??= 'the server closed the connection')),
      error: (_, error) => void (failure ??= error.message),
    },
  })
  const headers = 'Content-Type: application/octet-stream\r\nContent-Length: 1000000000'
  socket.write(`PATCH ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n\r\n`)
  // What does not fit is not sent: no byte of it is ever looked at.
  const send = (): void => void (moved += Math.max(0, socket.write(piece)))
  send()
  const timer = setInterval(send, pause)
  const breakOff = (): void => {
    broken = true
    clearInterval(timer)
    socket.terminate()
  }
  return Object.freeze({ moved: () => moved, failure: () => failure, breakOff })
}
