import { digestOf, type Algorithm } from '../digest.ts'
import { counts, type Level } from '../checks/level.ts'
import type { Answer, Content, SendOptions } from './answer.ts'
import { checkAnswer } from './check-answer.ts'
import { freshName } from './content.ts'
import { describeExchange, type Exchange } from './exchange.ts'
import { createLogin, type Credentials, type LoginWay } from './login.ts'

/** Speaks the registry API to one registry and holds every answer to what all of them have in common. */
export interface Client {
  /** Of one of its processes: bytes that go out as they are need it. */
  readonly url: string
  readonly login: boolean
  /** Whether the registry is held to what `level` asks for. */
  holdsTo(level: Level): boolean
  /** A repository name that nothing else uses. */
  repository(): string
  /** `path` with its query, as it is to be sent; or a whole URL that the registry gave. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  /** Begins an upload and returns its Location. */
  startUpload(repository: string): Promise<string>
  /** Pushes a blob the usual way, POST then PUT, and returns its digest. */
  pushBlob(repository: string, content: Content, algorithm?: Algorithm): Promise<string>
  /** Puts a manifest and returns the digest that the server reports. */
  putManifest(repository: string, reference: string, content: Content, mediaType: string): Promise<string>
}

export interface Target {
  /** `http://host:port` of every process of the registry; requests go to them in turn. */
  readonly urls: readonly string[]
  readonly level: Level
  readonly credentials?: Credentials | undefined
  /** `asked` unless said otherwise. */
  readonly loginWay?: LoginWay | undefined
  /** Whether each request gets a connection of its own: several threads of a server are dealt connections, not requests. */
  readonly singly?: boolean | undefined
  /** With which the names of repositories begin. */
  readonly repositories?: string | undefined
  /** Is told of every request. */
  readonly record?: ((exchange: Exchange) => void) | undefined
  /** Once aborted, nothing more is sent. */
  readonly signal?: AbortSignal | undefined
}

/** @param target one URL is held to everything that Berth promises */
export function createClient(target: string | Target): Client {
  const given: Target = typeof target === 'string' ? { urls: [target], level: 'berth' } : target
  const { urls, level, credentials, repositories } = given
  const send = createSender(given)

  async function expectStatus(status: number, method: string, path: string, options?: SendOptions): Promise<Answer> {
    const answer = await send(method, path, options)
    if (answer.status === status) return answer
    throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${textOf(answer)}`)
  }

  async function startUpload(repository: string): Promise<string> {
    return locationOf(await expectStatus(202, 'POST', `/v2/${repository}/blobs/uploads/`))
  }

  return Object.freeze({
    url: urls[0] ?? '',
    login: credentials !== undefined,
    holdsTo: (asked: Level) => counts(asked, level),
    repository: () => freshName(repositories),
    send,
    startUpload,
    async pushBlob(repository: string, content: Content, algorithm: Algorithm = 'sha256') {
      const digest = digestOf(content, algorithm)
      await expectStatus(201, 'PUT', withQuery(await startUpload(repository), { digest }), { body: content })
      return digest
    },
    async putManifest(repository: string, reference: string, content: Content, mediaType: string) {
      const options = { headers: { 'content-type': mediaType }, body: content }
      const answer = await expectStatus(201, 'PUT', `/v2/${repository}/manifests/${reference}`, options)
      return answer.headers.get('docker-content-digest') ?? ''
    },
  })
}

const mostRedirects = 5

function createSender({ urls, credentials, loginWay, record, level, signal, singly = false }: Target): Client['send'] {
  const login = credentials === undefined ? undefined : createLogin(urls[0] ?? '', credentials, loginWay)
  const origins = new Set(urls.map((url) => new URL(url).origin))
  let turn = 0

  async function exchange(method: string, url: string, { headers = {}, body }: SendOptions): Promise<Answer> {
    // Bun's fetch would decompress bodies and follow redirects by itself.
    const options: BunFetchRequestInit = { method, headers, body: body ?? null, redirect: 'manual', decompress: false, keepalive: !singly }
    const response = await fetch(url, signal === undefined ? options : { ...options, signal })
    return { status: response.status, headers: response.headers, bytes: await response.bytes() }
  }

  /** Sends credentials to the registry itself only; without a login a 401 is an answer like any other. */
  async function authorized(method: string, url: string, options: SendOptions): Promise<Answer> {
    const { pathname, origin } = new URL(url)
    if (login === undefined || !origins.has(origin)) return await exchange(method, url, options)
    const [first, second] = options.body instanceof ReadableStream ? options.body.tee() : [options.body, options.body]
    const withHeader = (authorization: string | undefined, body: SendOptions['body']): SendOptions =>
      authorization === undefined ? { ...options, body } : { headers: { ...options.headers, authorization }, body }
    const answer = await exchange(method, url, withHeader(login.known(method, pathname), first))
    if (answer.status !== 401) return answer
    const authorization = await login.answer(method, pathname, answer.headers.get('www-authenticate'))
    return await exchange(method, url, withHeader(authorization, second))
  }

  return async (method, path, options = {}) => {
    let url = path.startsWith('/') ? `${urls[turn++ % urls.length]}${path}` : path
    for (let redirects = 0; ; redirects++) {
      const answer = await authorized(method, url, options)
      record?.(describeExchange(method, url, options, answer))
      const elsewhere = isRedirect(method, answer) ? answer.headers.get('location') : null
      if (elsewhere === null || redirects === mostRedirects) {
        checkAnswer(method, path, answer, level)
        return answer
      }
      url = new URL(elsewhere, url).href
    }
  }
}

/** Reads may be sent elsewhere, to an object store for example. */
function isRedirect(method: string, { status }: Answer): boolean {
  return (method === 'GET' || method === 'HEAD') && [301, 302, 303, 307, 308].includes(status)
}

export function textOf({ bytes }: Answer): string {
  return new TextDecoder().decode(bytes)
}

export function jsonOf(answer: Answer): unknown {
  return JSON.parse(textOf(answer))
}

/** @throws Error when there is no Location */
export function locationOf({ headers, status }: Answer): string {
  const location = headers.get('location')
  if (location === null) throw new Error(`an answer ${status} without Location`)
  return location
}

/** Adds parameters to a path that may have some already, as clients have to do with a Location. */
export function withQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `${path}${path.includes('?') ? '&' : '?'}${query.join('&')}`
}

/** The path, or of other registries the URL, in a `Link: <...>; rel="next"`; undefined on the last page. */
export function nextOf({ headers }: Answer): string | undefined {
  const link = headers.get('link')
  if (link === null) return undefined
  const path = /^<((?:\/|https?:)[^>]*)>; rel="next"$/.exec(link)?.[1]
  if (path === undefined) throw new Error(`not a Link that clients understand: ${link}`)
  return path
}

/** Bytes as a stream that comes in pieces of `size`. */
export function streamOf(content: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < content.length) controller.enqueue(content.slice(at, at + size))
      else controller.close()
      at += size
    },
  })
}
