import { connect, type Socket } from 'node:net'

/** Sockets that keep a server busy by doing next to nothing. */
export interface SlowSockets {
  readonly open: number
  /** How many the server has closed; each is opened anew at once. */
  readonly closed: number
  end(): void
}

/** Ms between two bytes of those that move. */
const pace = 5000
const opening = 50

/** Half of them send half a head and then a byte now and then, the other half a body of a manifest. All of them come back when closed. */
export async function openSlowSockets(port: number, count: number): Promise<SlowSockets> {
  const sockets = new Map<number, Socket>()
  let closed = 0
  let ended = false
  const open = (number: number): Promise<void> => {
    const opened = Promise.withResolvers<void>()
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(number % 2 === 0 ? 'GET /v2/ HTTP/1.1\r\nHost: slow\r\nX-A: ' : 'PUT /v2/slow/manifests/x HTTP/1.1\r\nHost: slow\r\nContent-Length: 1000000\r\n\r\n{')
      opened.resolve()
    })
    socket.on('error', () => undefined)
    // What it is told is of no interest to it.
    socket.resume()
    socket.on('close', () => {
      opened.resolve()
      if (ended) return
      closed++
      void open(number)
    })
    sockets.set(number, socket)
    return opened.promise
  }
  for (let first = 0; first < count; first += opening) {
    await Promise.all(Array.from({ length: Math.min(opening, count - first) }, (_, index) => open(first + index)))
  }
  const timer = setInterval(() => sockets.forEach((socket) => socket.write(' ')), pace)
  const end = (): void => {
    ended = true
    clearInterval(timer)
    for (const socket of sockets.values()) socket.destroy()
  }
  return {
    get open() {
      return [...sockets.values()].filter((socket) => !socket.destroyed).length
    },
    get closed() {
      return closed
    },
    end,
  }
}
