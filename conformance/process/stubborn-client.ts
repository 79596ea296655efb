import { connect, type Socket } from 'node:net'

/**
 * Sends a request with a chunked body of `size` bytes to its very end, whatever the server answers meanwhile, and then a GET of
 * /v2/ on the same connection.
 * @returns both answers, and how many bytes of the body went out before the server closed, if it did
 */
export async function sendAll(url: string, head: string, size: number): Promise<{ readonly answers: string; readonly sent: number }> {
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

/** Asks for something and reads nothing of the answer until it is destroyed. */
export async function openWithoutReading(url: string, path: string): Promise<Socket> {
  const socket = await open(url)
  socket.pause()
  await new Promise<void>((resolve) => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, () => resolve()))
  return socket
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
