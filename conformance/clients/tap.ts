import { createServer, connect, type Socket } from 'node:net'
import { createHeadReader, type Head } from './request-heads.ts'

/** A relay in front of a server that lets every byte through as it is, and notes what clients ask for. */
export interface Tap {
  /** `127.0.0.1:port`: what stands before the slash in the name of an image. */
  readonly host: string
  /** The requests seen since the last call, in the order in which their heads were complete. */
  take(): Head[]
  /** Connections that began as TLS does, since the tap was opened. */
  tlsHellos(): number
  close(): void
}

/**
 * Opens a tap in front of the server at `url`, on a free loopback port.
 * @param loses the requests whose answer gets lost, with the connection, once the server has given it
 */
export async function openTap(url: string, loses: (head: Head) => boolean = () => false): Promise<Tap> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const heads: Head[] = []
  let hellos = 0
  const listener = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    relay(client, upstream, sockets)
    noteRequests(client, () => hellos++, (head) => {
      heads.push(head)
      if (!loses(head)) return
      upstream.unpipe(client)
      upstream.once('data', () => client.destroy()).resume()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the tap has no port')
  return Object.freeze({
    host: `127.0.0.1:${address.port}`,
    take: () => heads.splice(0),
    tlsHellos: () => hellos,
    close() {
      listener.close()
      for (const socket of sockets) socket.destroy()
    },
  })
}

/** Hands the bytes of each side to the other. What breaks one ends the other; the client under test says what it makes of it. */
function relay(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
    sockets.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    socket.pipe(other)
  }
}

function noteRequests(client: Socket, hello: () => void, found: (head: Head) => void): void {
  const read = createHeadReader(found)
  const tlsHandshake = 0x16
  client.once('data', (first: Buffer) => {
    if (first[0] === tlsHandshake) return hello()
    read(first)
    client.on('data', read)
  })
}

/** `METHOD /path` of each request, without the query. */
export function callsOf(heads: readonly Head[]): string[] {
  return heads.map(({ method, target }) => `${method} ${target.replace(/\?.*/, '')}`)
}
