import { connect, type Socket } from 'node:net'

export interface SentAll {
  /** Whatever the server answered. */
  readonly answers: string
  /** Bytes of the body that went out before the server closed the connection, if it did. */
  readonly sent: number
}

/**
 * Sends a request with a body of `size` bytes, in chunks of `chunkSize`, to its very end, whatever the server answers meanwhile,
 * and then a GET of /v2/ on the same connection.
 */
export async function sendAll(url: string, head: string, size: number, chunkSize = 256 * 1024): Promise<SentAll> {
  const socket = await open(url)
  let answers = ''
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      answers += bytes.toString('latin1')
      resolve()
    })
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.write(`${head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const chunk = `${chunkSize.toString(16)}\r\n${'x'.repeat(chunkSize)}\r\n`
  const perWrite = Math.ceil((256 * 1024) / chunk.length)
  const portion = Buffer.from(chunk.repeat(perWrite))
  let sent = 0
  for (; sent < size && !socket.destroyed; sent += perWrite * chunkSize) {
    if (!socket.write(portion)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
  }
  socket.write('0\r\n\r\n')
  // Bun closes a connection on which a second request comes before the first is answered.
  await Promise.race([answered, closed])
  socket.write('GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await closed
  return { answers, sent }
}

/** A download that stands still: its beginning has come, the rest waits for `rest`. */
export interface SlowReader {
  /** Reads on to the end and returns all there was, head and body. */
  rest(): Promise<Buffer>
  destroy(): void
}

/** Asks for something and reads only the beginning of the answer. */
export async function openSlowReader(url: string, path: string): Promise<SlowReader> {
  const socket = await open(url)
  const chunks: Buffer[] = []
  const begun = new Promise<void>((resolve) => {
    socket.once('data', (bytes: Buffer) => {
      socket.pause()
      chunks.push(bytes)
      resolve()
    })
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await begun
  return Object.freeze({
    destroy: () => void socket.destroy(),
    async rest() {
      socket.on('data', (bytes: Buffer) => chunks.push(bytes))
      socket.resume()
      await closed
      return Buffer.concat(chunks)
    },
  })
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
  return socket
}
