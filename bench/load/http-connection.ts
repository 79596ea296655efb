import type { Socket } from 'bun'

export interface Answer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface Request {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const nothing = Buffer.alloc(0)
const headEnd = Buffer.from('\r\n\r\n')
const longestHead = 64 * 1024
const longestBody = 16 * 1024 * 1024

/**
 * One keep-alive connection to a server on loopback, one request at a time. It exists because a general client costs more
 * than the servers measured here: the generator must not be what limits a run. It only reads answers with a Content-Length.
 */
export class HttpConnection {
  readonly #port: number
  #socket: Socket | undefined
  #received: Buffer = nothing
  #unsent: Uint8Array = nothing
  #waiting: Waiting | undefined

  private constructor(port: number) {
    this.#port = port
  }

  static async open(port: number): Promise<HttpConnection> {
    const connection = new HttpConnection(port)
    connection.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => connection.#receive(bytes),
        drain: () => connection.#flush(),
        close: () => connection.#end(new Error('the server closed the connection')),
        error: (_, error) => connection.#end(error),
      },
    })
    return connection
  }

  /** Rejects when the connection ends or the answer is not one this client understands. */
  async request({ method, target, headers = {}, body = nothing }: Request): Promise<Answer> {
    if (this.#waiting !== undefined) throw new Error('one request at a time')
    if (this.#socket === undefined) throw new Error('the connection is closed')
    let head = `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n`
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    if (method !== 'GET') head += `Content-Length: ${body.byteLength}\r\n`
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting = { resolve, reject }
    this.#unsent = Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body])
    this.#flush()
    return await promise
  }

  /** A request under way fails. */
  close(): void {
    this.#end(new Error('the connection was closed before the answer had come'))
  }

  #flush(): void {
    if (this.#unsent.byteLength === 0 || this.#socket === undefined) return
    const sent = this.#socket.write(this.#unsent)
    if (sent < 0) return this.#end(new Error('the connection is closed'))
    this.#unsent = this.#unsent.subarray(sent)
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.byteLength === 0 ? bytes : Buffer.concat([this.#received, bytes])
    try {
      const parsed = parseAnswer(this.#received)
      if (parsed === undefined) return
      const waiting = this.#waiting
      if (waiting === undefined) throw new Error('an answer nobody asked for')
      this.#received = this.#received.subarray(parsed.length)
      this.#waiting = undefined
      waiting.resolve(parsed.answer)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #end(error: Error): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
    this.#socket?.end()
    this.#socket = undefined
  }
}

/**
 * The first answer in these bytes with its length, or undefined while some of it is missing.
 * @throws Error for anything but an HTTP/1.1 answer with a Content-Length
 */
export function parseAnswer(bytes: Buffer): { readonly answer: Answer; readonly length: number } | undefined {
  const end = bytes.indexOf(headEnd)
  if (end < 0 && bytes.byteLength <= longestHead) return undefined
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1]
  if (status === undefined) throw new Error(`not an HTTP/1.1 answer: ${JSON.stringify(first.slice(0, 100))}`)
  const headers = new Map(lines.map(readHeader))
  const size = Number(headers.get('content-length'))
  if (!Number.isSafeInteger(size) || size > longestBody) {
    throw new Error(`an answer without a usable Content-Length (status ${status})`)
  }
  const length = end + headEnd.byteLength + size
  if (bytes.byteLength < length) return undefined
  return { answer: { status: Number(status), headers, body: bytes.subarray(length - size, length) }, length }
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
