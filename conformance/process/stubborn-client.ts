import { connect, type Socket } from 'node:net'

export interface SentAll {
  /** Whatever the server answered. */
  readonly answers: string
  /** Bytes of the body that went out before the server closed the connection, if it did. */
  readonly sent: number
}

/**
 * Sends a request with a chunked body of `size` bytes to its very end, whatever the server answers meanwhile, and then a GET of
 * /v2/ on the same connection.
 */
export async function sendAll(url: string, head: string, size: number): Promise<SentAll> {
  const socket = await open(url)
  let answers = ''
  socket.on('data', (bytes) => {
    answers += bytes.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.write(`${head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const block = Buffer.alloc(256 * 1024, 'x')
  const chunk = Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')])
  let sent = 0
  for (; sent < size && !socket.destroyed; sent += block.length) {
    if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
  }
  socket.write('0\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
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
