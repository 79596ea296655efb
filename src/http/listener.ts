import { constants, randomUUID } from 'node:crypto'
import http from 'node:http'
import { andThen, formatHost, type Soon } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { errorBody, RegistryError } from '../oci/index.ts'
import { createIncomingBodies, type IncomingBodies } from './listener-bodies.ts'
import type { Http } from './pipeline.ts'

export interface ListenerOptions {
  readonly hostname: string
  /** 0 takes any free port. */
  readonly port: number
  readonly fetch: Http['fetch']
  readonly logger: Logger
  /** Whether other threads of this process listen on the same port: each gets a part of the connections. `claimPort` keeps others away. */
  readonly shared?: boolean
  /** Seconds without a byte after which a connection is closed; 120 unless said otherwise. */
  readonly idle?: number
  /** Seconds without a byte of a body, while we wait for one, after which its sender is told so; 55 unless said otherwise. */
  readonly stall?: number
  /** For a server behind a front, which alone may connect to it. */
  readonly inner?: InnerListenerOptions | undefined
}

export interface InnerListenerOptions {
  /** Both in PEM. Without it the server speaks plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string; readonly minimum: '1.2' | '1.3' } | undefined
  /** The address of the client whose connection comes from this end; absent when it did not come through the front. */
  readonly clientAt: (end: { readonly address: string; readonly port: number }) => string | undefined
}

export interface Listener {
  /** `http://host:port` or `https://host:port`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /**
   * Tells clients to leave, then stops accepting and closes connections that are at rest; requests under way may end within
   * `graceMs`, then their connections are closed. Resolves when all are.
   */
  stop(graceMs: number): Promise<void>
}

/**
 * For a connection at rest, and one whose reader stands still. Go clients keep connections for 90 s, and one closed by
 * the server under a request is a failed request.
 */
export const idleSeconds = 120

/** A sender that stands still holds a place among the requests under way, unlike a connection at rest. */
const stallSeconds = 55

/**
 * Bytes of a request's head. A partial pull of a zstd:chunked layer names up to 1,024 ranges in one header, 23 KB for a large layer, and
 * some versions of podman fail the pull on a 431. Tokens come beside that.
 */
const longestHead = 48 * 1024

/** For TLS 1.2; those of 1.3 are not for us to choose. Forward secrecy and authenticated encryption only, as Mozilla's intermediate list. */
const ciphers = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
  .flatMap((cipher) => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`])
  .join(':')

const before12 = constants.SSL_OP_NO_SSLv3 | constants.SSL_OP_NO_TLSv1 | constants.SSL_OP_NO_TLSv1_1
/** What is left out, by the oldest version of TLS that is spoken. */
const leftOut = { '1.2': before12, '1.3': before12 | constants.SSL_OP_NO_TLSv1_2 }

/**
 * Serves HTTP/1.1. What Bun 1.4.5 answers itself, without a body, before a request gets here:
 *
 * 400  a malformed head: a line that ends in LF alone, a header with a control character, folded, or with a space before the
 *      colon; an HTTP/1.1 request without Host; a target that is neither a path nor a URL, `*` too; Content-Length that is no
 *      plain number, twice with two values, or beside Transfer-Encoding; a Transfer-Encoding other than one `chunked`; broken
 *      chunks; TLS. What it lets pass of these is refused by `checkHead`
 * 413  a Content-Length above 1 TiB
 * 431  a head above 48 KiB, or with more than about 200 headers
 * 505  a request line with a space, control character or NUL in its target, and other versions of HTTP
 *
 * It closes the connection without an answer for a method that it does not know, and when a head is not complete after
 * about 12 s. A chunked body ends for us with its last chunk; if trailers follow, the connection is closed with a 400.
 * `Expect: 100-continue`, written so, it answers with 100 whatever becomes of the request; a refusal follows at once, before the body.
 *
 * An answer that comes before the body was read leaves the rest of it to Bun, which throws it away as it comes without
 * keeping it, and serves the next request. To close at once would be worse: unread bytes make the system reset the
 * connection, and the client may lose the answer.
 */
export function listen(options: ListenerOptions): Listener {
  const { hostname, port, shared = false, fetch, logger, idle = idleSeconds, stall = stallSeconds, inner } = options
  // For the whole process: Bun has no such option for one server, and Node's types don't know that it can be set.
  Object.assign(http, { maxHeaderSize: longestHead })
  const bodies = createIncomingBodies(stall)
  const drain: Drain = { begun: false, requests: 0 }
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Bun would set it by itself: then a second server could take the same port, and each would get half of the requests.
    reusePort: shared,
    maxRequestBodySize: 2 ** 40,
    idleTimeout: idle,
    ...(inner?.tls && { tls: { cert: inner.tls.cert, key: inner.tls.key, ciphers, secureOptions: leftOut[inner.tls.minimum] } }),
    fetch: (request, self) => {
      const peer = self.requestIP(request)
      const address = inner === undefined ? (peer?.address ?? '') : peer === null ? undefined : inner.clientAt(peer)
      return address === undefined ? pastTheFront() : serve(fetch, { server: self, idle, stall, bodies, drain }, request, address)
    },
    error: (error) => brokenAnswer(error, logger),
  })
  const bound = server.port ?? port
  const url = `${inner?.tls === undefined ? 'http' : 'https'}://${formatHost(hostname)}:${bound}`
  return Object.freeze({ url, port: bound, stop: (graceMs: number) => stop(server, drain, graceMs) })
}

type Server = Bun.Server<undefined>

interface Patience {
  readonly server: Server
  /** Seconds. */
  readonly idle: number
  readonly stall: number
  readonly bodies: IncomingBodies
  readonly drain: Drain
}

interface Drain {
  /** From now on each answer is the last one on its connection. */
  begun: boolean
  /** That came so far. */
  requests: number
}

/** Somebody on this machine has found the port behind the front, where neither limits nor addresses would hold. */
function pastTheFront(): Response {
  return new Response('this port is not for clients\n', { status: 403, headers: { connection: 'close' } })
}

function serve(fetch: Http['fetch'], patience: Patience, request: Request, address: string): Soon<Response> {
  const { drain } = patience
  drain.requests++
  if (request.body !== null) return serveBody(fetch, patience, request, address)
  const response = fetch(request, address)
  return drain.begun ? andThen(response, lastAnswer) : response
}

function lastAnswer(response: Response): Response {
  response.headers.set('connection', 'close')
  return response
}

/**
 * Bun by itself closes a connection that sends less than 16 KB a second, however alive it is. Here a slow sender may take its
 * time as long as something comes now and then, and once all is here the server may take its own: hashing 100 GB again lasts
 * longer than any fixed limit.
 */
async function serveBody(fetch: Http['fetch'], patience: Patience, request: Request, address: string): Promise<Response> {
  const { server, idle, stall, bodies, drain } = patience
  const body = bodies.begin()
  server.timeout(request, 0)
  try {
    const response = await fetch(request, address, body)
    return drain.begun ? lastAnswer(response) : response
  } finally {
    body.end()
    // A limit stays with the connection: without this, one would never be closed when it rests. What is left of a body goes to Bun.
    server.timeout(request, body.whole ? idle : stall)
  }
}

/**
 * Bun closes a connection that seems to be at rest at once, also when a request has come on it that was not read yet, as on a busy
 * server there always are. So clients are first told to leave, answer by answer, until a moment comes in which nobody asks.
 */
async function stop(server: Server, drain: Drain, graceMs: number): Promise<void> {
  const timer = setTimeout(() => void server.stop(true), graceMs)
  drain.begun = true
  const end = performance.now() + Math.min(graceMs, longestFarewell)
  for (let quiet = 0; quiet < quietLooks && performance.now() < end; ) {
    const before = drain.requests
    await Bun.sleep(50)
    quiet = drain.requests === before ? quiet + 1 : 0
  }
  try {
    await server.stop(false)
  } finally {
    clearTimeout(timer)
  }
}

/** Looks, 50 ms apart, that find no new request: nobody asks any more. More than one, since a busy process looks late. */
const quietLooks = 4
/** Ms that are waited for that at most. */
const longestFarewell = 3000

/** For what goes wrong outside the pipeline; Bun's own page would be HTML. */
function brokenAnswer(error: unknown, logger: Logger): Response {
  const id = randomUUID()
  logger.error('a request failed outside the pipeline', { id, error })
  const body = JSON.stringify(errorBody(new RegistryError('UNKNOWN', { detail: { request: id } })))
  return new Response(body, {
    status: 500,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'docker-distribution-api-version': 'registry/2.0',
      'x-content-type-options': 'nosniff',
      'x-request-id': id,
    },
  })
}
