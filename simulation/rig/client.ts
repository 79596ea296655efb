/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The request, for messages. */
  readonly request: string
}

/** No whole answer came: whether the server did what it was asked is unknown. */
export class Lost extends Error {
  /** When that was known, by the clock of `performance`. */
  readonly at = performance.now()

  constructor(request: string, cause: unknown) {
    super(`no answer to ${request}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'Lost'
  }
}

/** The server did something that it must not do. */
export class Violation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Violation'
  }
}

export interface Message {
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export interface Client {
  /** `path` begins with a slash. Fails with Lost when the connection breaks, with Violation when no answer comes in time. */
  send(method: string, path: string, message?: Message): Promise<Answer>
}

const answerLimit = 20_000

export function createClient(url: string): Client {
  return Object.freeze({
    async send(method: string, path: string, { body, headers = {} }: Message = {}): Promise<Answer> {
      const request = `${method} ${path}`
      const signal = AbortSignal.timeout(answerLimit)
      const options = { method, body: body ?? null, headers: { ...headers }, redirect: 'manual', signal } as const
      try {
        const response = await fetch(url + path, options)
        const bytes = new Uint8Array(await response.arrayBuffer())
        return { status: response.status, headers: response.headers, bytes, request }
      } catch (error) {
        if (signal.aborted) throw new Violation(`${request} was not answered within ${answerLimit} ms`)
        throw new Lost(request, error)
      }
    },
  })
}

/** The same answer. Fails with Violation when its status is none of these. */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer
  throw new Violation(`${answer.request} answered ${answer.status} ${new TextDecoder().decode(answer.bytes.subarray(0, 500))}`)
}
