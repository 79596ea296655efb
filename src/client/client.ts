import { operations, type OperationId, type Operations } from './operations.ts'

/** What a client needs of the world. */
export interface ClientOptions {
  /** Of the server, without a path: `https://registry.example`. */
  readonly origin: string
  /** Sent with every request; absent for anonymous ones. */
  readonly login?: { readonly user: string; readonly secret: string } | undefined
  /** `fetch`, giving up on a server that stands still. */
  readonly send: (url: string, init: RequestInit) => Promise<Response>
}

type Parts<Id extends OperationId> = Omit<Operations[Id], 'reply'>

/** The operations of the management API, typed as openapi.json describes them. */
export interface Client {
  /** Fails with a ServerProblem for what the server refuses, and with an Unreachable where no answer came. */
  call<Id extends OperationId>(id: Id, parts: Parts<Id>, condition?: Condition): Promise<Operations[Id]['reply']>
  /** The same, with what the answer can be told by from a later one. */
  look<Id extends OperationId>(id: Id, parts: Parts<Id>): Promise<{ readonly reply: Operations[Id]['reply']; readonly etag: string | undefined }>
}

/** What has to hold, or the server refuses with 412 and changes nothing. */
export interface Condition {
  /** It is still what `look` gave this `etag` for. */
  readonly ifMatch: string | undefined
}

/** The server refused: `code` is stable, the message is for people. */
export class ServerProblem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly { readonly at: string; readonly message: string }[]

  constructor(status: number, code: string, message: string, errors: ServerProblem['errors'] = []) {
    super(message)
    this.name = 'ServerProblem'
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** No answer came, or none of Berth's. */
export class Unreachable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'Unreachable'
  }
}

type Values = Readonly<Record<string, string | number | boolean | undefined>>

/** What a call is made of, without its type. */
interface Given {
  readonly params?: Values
  readonly query?: Values
  readonly body?: unknown
}

export function createClient(options: ClientOptions): Client {
  async function look<Id extends OperationId>(id: Id, parts: Parts<Id>, condition?: Condition) {
    const { method, path } = operations[id]
    const { params, query, body }: Given = parts
    const response = await answerTo(options, { method, target: address(path, params, query), body, condition })
    const answer = await read(response)
    if (!response.ok) throw problemOf(response.status, answer)
    return { reply: answer as Operations[Id]['reply'], etag: response.headers.get('etag') ?? undefined }
  }
  return Object.freeze<Client>({
    look: async (id, parts) => await look(id, parts),
    call: async (id, parts, condition) => (await look(id, parts, condition)).reply,
  })
}

interface Question {
  readonly method: string
  readonly target: string
  readonly body: unknown
  readonly condition: Condition | undefined
}

function address(path: string, params: Values = {}, query: Values = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]))
  return given.length === 0 ? filled : `${filled}?${new URLSearchParams(given).toString()}`
}

async function answerTo({ origin, login, send }: ClientOptions, { method, target, body, condition }: Question): Promise<Response> {
  // A proxy that compresses an answer makes its entity tag a weak one, which no `If-Match` is met by.
  const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'identity' }
  if (login !== undefined) headers['authorization'] = `Basic ${Buffer.from(`${login.user}:${login.secret}`).toString('base64')}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (condition?.ifMatch !== undefined) headers['if-match'] = condition.ifMatch
  const init: RequestInit = { method, headers, redirect: 'error' }
  try {
    return await send(`${origin}${target}`, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error), error)
  }
}

/** More than any answer of the API has. */
const longestAnswer = 8 * 1024 * 1024

async function read(response: Response): Promise<unknown> {
  const length = Number(response.headers.get('content-length') ?? 0)
  if (length > longestAnswer) throw new Unreachable(`the answer is too long: ${length} bytes`)
  try {
    const text = await response.text()
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch (error) {
    throw new Unreachable('the answer is not one of a Berth server', error)
  }
}

function problemOf(status: number, answer: unknown): Error {
  if (typeof answer !== 'object' || answer === null || !('code' in answer) || !('detail' in answer)) {
    return new Unreachable(`the answer is not one of the management API: status ${status}. A server that runs with --open has none`)
  }
  const errors = 'errors' in answer && Array.isArray(answer.errors) ? (answer.errors as ServerProblem['errors']) : []
  return new ServerProblem(status, String(answer.code), String(answer.detail), errors)
}
