import { digestOf, type Algorithm } from '../digest.ts'
import { checkAnswer } from './check-answer.ts'

/** An answer, its body read to the end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export type Content = Uint8Array<ArrayBuffer> | string

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A stream goes out chunked, without a length. */
  readonly body?: Content | ReadableStream<Uint8Array> | undefined
}

/** Speaks the registry API to one server and holds every answer to what all of them have in common. */
export interface Client {
  readonly url: string
  /** `path` with its query, as it is to be sent. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  /** Begins an upload and returns its Location. */
  startUpload(repository: string): Promise<string>
  /** Pushes a blob the usual way, POST then PUT, and returns its digest. */
  pushBlob(repository: string, content: Content, algorithm?: Algorithm): Promise<string>
  /** Puts a manifest and returns the digest that the server reports. */
  putManifest(repository: string, reference: string, content: Content, mediaType: string): Promise<string>
}

export function createClient(url: string): Client {
  async function send(method: string, path: string, { headers = {}, body }: SendOptions = {}): Promise<Answer> {
    // Bun's fetch would decompress bodies and follow redirects by itself.
    const response = await fetch(url + path, { method, headers, body: body ?? null, redirect: 'manual', decompress: false })
    const answer = { status: response.status, headers: response.headers, bytes: await response.bytes() }
    checkAnswer(method, path, answer)
    return answer
  }

  async function expectStatus(status: number, method: string, path: string, options?: SendOptions): Promise<Answer> {
    const answer = await send(method, path, options)
    if (answer.status === status) return answer
    throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${textOf(answer)}`)
  }

  async function startUpload(repository: string): Promise<string> {
    return locationOf(await expectStatus(202, 'POST', `/v2/${repository}/blobs/uploads/`))
  }

  return Object.freeze({
    url,
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

/** The path in a `Link: <...>; rel="next"`, or undefined on the last page. */
export function nextOf({ headers }: Answer): string | undefined {
  const link = headers.get('link')
  if (link === null) return undefined
  const path = /^<(\/[^>]*)>; rel="next"$/.exec(link)?.[1]
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
