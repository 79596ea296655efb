import { afterEach, expect, test } from 'bun:test'
import { HttpConnection, parseHead } from './http-connection.ts'

const answer = 'HTTP/1.1 201 Created\r\nContent-Length: 5\r\nLOCATION: /a:b\r\n\r\nhello'

test('a head is found once all of it is there', () => {
  const length = answer.length - 5
  for (let part = 0; part < length; part++) expect(parseHead(Buffer.from(answer.slice(0, part)))).toBeUndefined()
  const head = parseHead(Buffer.from(`${answer}HTTP/1.1`))
  expect(head).toMatchObject({ status: 201, length, size: 5 })
  expect(head?.headers.get('location')).toBe('/a:b')
})

test('an answer that has no body by its status', () => {
  expect(parseHead(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))?.size).toBe(0)
})

test.each([
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'not an HTTP/1.1 answer'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'without a usable Content-Length'],
  ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'without a usable Content-Length'],
  ['x'.repeat(70_000), 'not an HTTP/1.1 answer'],
])('what it does not understand is an error: %p', (text, message) => {
  expect(() => parseHead(Buffer.from(text))).toThrow(message)
})

let server: Bun.TCPSocketListener | undefined
afterEach(() => server?.stop(true))

function listen(data: (socket: Bun.Socket, bytes: Buffer) => void): number {
  server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data } })
  return server.port
}

test('one connection carries request after request, with answers in pieces', async () => {
  const received: string[] = []
  const port = listen((socket, bytes) => {
    received.push(bytes.toString())
    socket.write(answer.slice(0, 30))
    setTimeout(() => socket.write(answer.slice(30)), 5)
  })
  const connection = await HttpConnection.open(port)
  for (const target of ['/one', '/two']) {
    const { status } = await connection.request({ method: 'PUT', target, headers: { Accept: 'a' }, body: Buffer.from('body') })
    expect(status).toBe(201)
  }
  connection.close()
  expect(received[1]).toBe(`PUT /two HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: a\r\nContent-Length: 4\r\n\r\nbody`)
})

test('an answer of any size goes piece by piece to who asked for it', async () => {
  const whole = Buffer.alloc(20 * 1024 * 1024, 'abcdefg')
  const port = listen((socket) => {
    const rest = [Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${whole.byteLength}\r\n\r\n`), whole]
    const send = (): void => {
      for (let next = rest[0]; next !== undefined; next = rest[0]) {
        const sent = socket.write(next)
        if (sent === next.byteLength) rest.shift()
        else return void (rest[0] = next.subarray(sent))
      }
    }
    socket.reload({ socket: { drain: send, data: () => {} } })
    send()
  })
  const connection = await HttpConnection.open(port)
  let [size, wrong] = [0, 0]
  const onBody = (piece: Buffer): void => {
    if (!piece.equals(whole.subarray(size, size + piece.byteLength))) wrong++
    size += piece.byteLength
  }
  const { body } = await connection.request({ method: 'GET', target: '/', onBody })
  expect([size, wrong, body.byteLength]).toEqual([whole.byteLength, 0, 0])
  connection.close()
})

test('the answer to HEAD has the length of a body and no body', async () => {
  const port = listen((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'))
  const connection = await HttpConnection.open(port)
  for (let i = 0; i < 2; i++) expect((await connection.request({ method: 'HEAD', target: '/' })).body.byteLength).toBe(0)
  connection.close()
})

test('a request fails when the server hangs up, and when it is given up', async () => {
  const port = listen((socket, bytes) => {
    if (bytes.toString().startsWith('GET /end')) socket.end()
  })
  const connection = await HttpConnection.open(port)
  await expect(connection.request({ method: 'GET', target: '/end' })).rejects.toThrow('the server closed the connection')
  await expect(connection.request({ method: 'GET', target: '/again' })).rejects.toThrow('the connection is closed')
  const other = await HttpConnection.open(port)
  const pending = other.request({ method: 'GET', target: '/silence' })
  other.close()
  await expect(pending).rejects.toThrow('closed before the answer')
})
