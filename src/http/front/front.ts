import type { Socket } from 'bun'
import { type AddressSet, type Clock, formatHost, parseIpAddress } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { errorBody, RegistryError } from '../../oci/index.ts'
import type { Listener } from '../listener.ts'
import type { Certificate } from './certificate.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { createInnerServers, innerHost, type InnerOptions, type InnerServers } from './inner-servers.ts'
import { parseOpening } from './opening.ts'
import { Leg, legHandlers, type Patience } from './relay.ts'

export interface FrontOptions {
  readonly hostname: string
  /** 0 takes any free port. */
  readonly port: number
  /** Whether other threads of this process listen on the same port. */
  readonly shared?: boolean
  readonly certificate: Certificate | undefined
  /** Whose connections begin with a PROXY header. */
  readonly proxies: AddressSet | undefined
  readonly limits: ConnectionLimits
  readonly openInner: (options: InnerOptions) => Listener
  readonly clock: Clock
  readonly logger: Logger
  readonly patience: Patience
}

export interface Front extends Listener {
  /** New connections are shown this certificate. Those that stand go on as they are. */
  use(certificate: Certificate): void
}

/**
 * Accepts connections for servers inside, and passes their bytes on without looking into them. A listening socket cannot change hands
 * without losing connections that are about to be accepted, and Bun cannot change the certificate of one: so this one stays, and the
 * servers behind it change. Fails with the error of the system when it cannot listen; then nothing is left open.
 */
export function openFront(options: FrontOptions): Front {
  const { hostname, port, shared = false, certificate, clock, logger } = options
  const servers = createInnerServers(options.openInner, certificate, logger)
  const clients = new Clients()
  const open = (socket: Socket<Leg>): void => accept(socket, clients, servers, options)
  let listening: Bun.TCPSocketListener<Leg>
  try {
    const place = { hostname, port, reusePort: shared, allowHalfOpen: true }
    listening = Bun.listen<Leg>({ ...place, socket: { ...legHandlers, open } })
  } catch (error) {
    void servers.stop(0)
    throw asListenError(error)
  }

  async function stop(graceMs: number): Promise<void> {
    listening.stop(false)
    const done = new AbortController()
    void clock.sleep(graceMs, done.signal).then(() => clients.break(), () => undefined)
    try {
      await servers.stop(graceMs)
      // What the servers have said may still be on its way to clients.
      await clients.gone()
    } finally {
      done.abort()
    }
  }

  const url = `${certificate === undefined ? 'http' : 'https'}://${formatHost(hostname)}:${listening.port}`
  return Object.freeze({ url, port: listening.port, stop, use: (next: Certificate) => servers.use(next) })
}

/** The clients that are connected. */
class Clients {
  readonly #legs = new Set<Leg>()
  #whenGone: (() => void) | undefined

  add(leg: Leg): void {
    this.#legs.add(leg)
  }

  delete(leg: Leg): void {
    this.#legs.delete(leg)
    if (this.#legs.size === 0) this.#whenGone?.()
  }

  break(): void {
    for (const leg of this.#legs) leg.break()
  }

  /** Resolves when no client is connected any more. */
  async gone(): Promise<void> {
    if (this.#legs.size === 0) return
    await new Promise<void>((resolve) => (this.#whenGone = resolve))
  }
}

/** Seconds until a client must have said something; about as long as Bun gives it for a head. */
const longestOpening = 12

function accept(socket: Socket<Leg>, clients: Clients, servers: InnerServers, options: FrontOptions): void {
  const { limits, logger, proxies, certificate } = options
  const placed = limits.enter()
  const peer = socket.remoteAddress
  let address: string | undefined
  const client = new Leg('client', options.patience, () => {
    clients.delete(client)
    if (placed) limits.leave(address)
  })
  clients.add(client)
  socket.data = client
  client.opened(socket)
  if (!placed) return client.break()
  client.expect(longestOpening)
  const expected = { proxyHeader: proxies?.has(parseIpAddress(peer) ?? peer) ?? false, tls: certificate !== undefined }
  let came = Buffer.alloc(0)
  client.opening = (bytes) => {
    if (bytes.length === 0 && address === undefined) return client.break()
    came = Buffer.concat([came, bytes])
    // More can come while we connect: it goes along.
    if (address !== undefined) return
    const opening = parseOpening(came, expected)
    if (opening.kind === 'unfinished') return
    if (opening.kind === 'not-tls') {
      client.opening = undefined
      return client.answer(notTls)
    }
    if (opening.kind === 'malformed') {
      logger.warn('a proxy did not say who calls: its connection is closed', { address: peer, reason: opening.reason })
      return client.break()
    }
    const caller = opening.address ?? peer
    if (!limits.enterAs(caller)) return client.break()
    address = caller
    came = Buffer.from(opening.first)
    client.hold()
    void connect(client, { address, first: () => came }, servers, options)
  }
}

interface Opened {
  readonly address: string
  /** What the client has sent so far. */
  readonly first: () => Buffer
}

/** Joins a client with the server inside that has the certificate of today. */
async function connect(client: Leg, { address, first }: Opened, servers: InnerServers, options: FrontOptions): Promise<void> {
  const inner = servers.current
  const passage = inner.enter()
  const server = new Leg('server', options.patience, () => passage.leave())
  const open = (socket: Socket<Leg>): void => {
    passage.arrived(socket.localPort, address)
    server.opened(socket)
    if (client.closed) server.break()
    else client.join(server, first())
  }
  try {
    const target = { hostname: innerHost, port: inner.port, allowHalfOpen: true }
    await Bun.connect<Leg>({ ...target, data: server, socket: { ...legHandlers, open } })
  } catch (error) {
    options.logger.error('a connection did not reach the server inside', { error })
    server.wasClosed()
    client.break()
  }
}

const notTlsBody = JSON.stringify(errorBody(new RegistryError('UNSUPPORTED', { message: 'this port speaks TLS: use https://' })))
const notTls = [
  'HTTP/1.1 400 Bad Request',
  'content-type: application/json',
  'cache-control: no-store',
  'x-content-type-options: nosniff',
  'docker-distribution-api-version: registry/2.0',
  `content-length: ${notTlsBody.length}`,
  'connection: close',
  '',
  notTlsBody,
].join('\r\n')

/** Bun gives no code for a name that does not resolve. */
function asListenError(error: unknown): Error {
  const known = error instanceof Error ? error : new Error(String(error))
  return 'code' in known && known.code !== undefined ? known : Object.assign(known, { code: 'ENOTCONN', syscall: 'listen' })
}
