import { connect } from 'node:net'

/** A connection on which bytes go out as they are. */
export interface RawSocket {
  send(bytes: string | Uint8Array): void
  /** Ends the sending side; answers still come in. */
  finish(): void
  /** Breaks the connection without a word, as a crash or a lost network does. */
  reset(): void
  /** All that came, once `enough` finds something in it or the other side has closed. Fails after `patience` ms. */
  received(enough?: RegExp, patience?: number): Promise<string>
  readonly closed: boolean
}

export function openRawSocket(port: number): RawSocket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  let text = ''
  let closed = false
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach((look) => look())
  const close = (): void => {
    closed = true
    wake()
  }
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    wake()
  })
  socket.on('end', close).on('close', close).on('error', close)
  return {
    send: (bytes) => void socket.write(bytes),
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    get closed() {
      return closed
    },
    received: (enough, patience = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing more came: ${text.slice(0, 500)}`)), patience)
        const look = (): void => {
          if (!closed && enough?.test(text) !== true) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(text)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** One answer taken apart. Header names are in lower case; a header that came twice fails. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function parseRawAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    if (name in headers) throw new Error(`the header ${name} came twice`)
    headers[name] = line.slice(name.length + 1).trim()
  }
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) }
}

/** One request on a connection of its own. `request` need not ask for the connection to be closed. */
export async function rawExchange(
  port: number,
  method: string,
  path: string,
  headers: readonly string[] = [],
): Promise<RawAnswer> {
  const socket = openRawSocket(port)
  socket.send([`${method} ${path} HTTP/1.1`, 'Host: registry.test', 'Connection: close', ...headers, '', ''].join('\r\n'))
  try {
    return parseRawAnswer(await socket.received())
  } finally {
    socket.reset()
  }
}
