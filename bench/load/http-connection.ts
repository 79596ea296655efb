import type { Socket } from 'bun'

export interface Answer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** Empty when it was handed on in pieces. */
  readonly body: Buffer
}

export interface Request {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  /** Its length is announced, unless the headers name a Transfer-Encoding: then it is already in chunks. */
  readonly body?: Uint8Array | Iterable<Uint8Array>
  /** Takes the body piece by piece as it comes, so that it may be of any size. What it throws ends the connection. */
  readonly onBody?: (piece: Buffer) => void
}

interface Waiting {
  readonly request: Request
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** An answer whose head has come. */
interface Coming {
  readonly head: Head
  readonly pieces: Buffer[]
  missing: number
}

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
  #received: Buffer = Buffer.alloc(0)
  #unsent: Iterator<Uint8Array> = [][Symbol.iterator]()
  /** Of what was taken from there, what did not fit yet. */
  #next: Uint8Array | undefined
  #waiting: Waiting | undefined
  #coming: Coming | undefined

  private constructor(port: number) {
    this.#port = port
  }

  /** @param tls speaks TLS, and takes any certificate: who answers on loopback is known */
  static async open(port: number, tls = false): Promise<HttpConnection> {
    const connection = new HttpConnection(port)
    connection.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
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
  async request(request: Request): Promise<Answer> {
    if (this.#waiting !== undefined) throw new Error('one request at a time')
    if (this.#socket === undefined) throw new Error('the connection is closed')
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting = { request, resolve, reject }
    this.#unsent = wire(request, this.#port)
    this.#next = this.#unsent.next().value
    this.#flush()
    return await promise
  }

  /** A request under way fails. */
  close(): void {
    this.#end(new Error('the connection was closed before the answer had come'))
  }

  #flush(): void {
    while (this.#next !== undefined && this.#socket !== undefined) {
      const sent = this.#socket.write(this.#next)
      if (sent < 0) return this.#end(new Error('the connection is closed'))
      if (sent < this.#next.byteLength) {
        this.#next = this.#next.subarray(sent)
        return
      }
      this.#next = this.#unsent.next().value
    }
  }

  #receive(bytes: Buffer): void {
    try {
      if (this.#coming !== undefined) return this.#take(this.#coming, bytes)
      this.#received = this.#received.byteLength === 0 ? bytes : Buffer.concat([this.#received, bytes])
      const head = parseHead(this.#received)
      if (head === undefined) return
      if (this.#waiting === undefined) throw new Error('an answer nobody asked for')
      const { method, onBody } = this.#waiting.request
      const size = method === 'HEAD' ? 0 : head.size
      if (onBody === undefined && size > longestBody) throw new Error(`an answer of ${size} bytes`)
      const rest = this.#received.subarray(head.length)
      this.#received = Buffer.alloc(0)
      this.#coming = { head, pieces: [], missing: size }
      this.#take(this.#coming, rest)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #take(coming: Coming, bytes: Buffer): void {
    const waiting = this.#waiting
    if (waiting === undefined || bytes.byteLength > coming.missing) throw new Error('more bytes than the answer has')
    coming.missing -= bytes.byteLength
    // Only the bodies of good answers go to who asked: a refusal is to be read whole.
    const { onBody } = waiting.request
    if (onBody === undefined || coming.head.status >= 300) coming.pieces.push(bytes)
    else if (bytes.byteLength > 0) onBody(bytes)
    if (coming.missing > 0) return
    this.#waiting = undefined
    this.#coming = undefined
    const { status, headers } = coming.head
    waiting.resolve({ status, headers, body: coming.pieces.length === 1 ? bytes : Buffer.concat(coming.pieces) })
  }

  #end(error: Error): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
    this.#coming = undefined
    this.#next = undefined
    this.#socket?.end()
    this.#socket = undefined
  }
}

/** A request as it is sent. A small body goes into one write with its head. */
function* wire({ method, target, headers = {}, body = [] }: Request, port: number): Generator<Uint8Array, undefined> {
  let head = `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  if (headers['Transfer-Encoding'] !== undefined && !(body instanceof Uint8Array)) {
    yield Buffer.from(`${head}\r\n`, 'latin1')
    yield* body
    return
  }
  const pieces = body instanceof Uint8Array ? [body] : [...body]
  const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (method !== 'GET' && method !== 'HEAD') head += `Content-Length: ${size}\r\n`
  const first = Buffer.from(`${head}\r\n`, 'latin1')
  if (size < longestHead) yield Buffer.concat([first, ...pieces])
  else yield* [first, ...pieces]
}

export interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Of the head itself, in bytes. */
  readonly length: number
  /** Of the body that is announced. */
  readonly size: number
}

/**
 * The head of the answer that these bytes begin with, or undefined while some of it is missing.
 * @throws Error for anything but an HTTP/1.1 answer with a Content-Length
 */
export function parseHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf(headEnd)
  if (end < 0 && bytes.byteLength <= longestHead) return undefined
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1])
  if (Number.isNaN(status)) throw new Error(`not an HTTP/1.1 answer: ${JSON.stringify(first.slice(0, 100))}`)
  const headers = new Map(lines.map(readHeader))
  const size = status === 204 || status === 304 ? 0 : Number(headers.get('content-length'))
  if (!Number.isSafeInteger(size) || size < 0) throw new Error(`an answer without a usable Content-Length (status ${status})`)
  return { status, headers, length: end + headEnd.byteLength, size }
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
