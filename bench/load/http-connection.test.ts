import { afterEach, expect, test } from 'bun:test'
import { HttpConnection, parseAnswer } from './http-connection.ts'

const answer = 'HTTP/1.1 201 Created\r\nContent-Length: 5\r\nLOCATION: /a:b\r\n\r\nhello'

test('an answer is found once all of it is there', () => {
  for (let length = 0; length < answer.length; length++) expect(parseAnswer(Buffer.from(answer.slice(0, length)))).toBeUndefined()
  const parsed = parseAnswer(Buffer.from(`${answer}HTTP/1.1`))
  expect(parsed?.length).toBe(answer.length)
  expect(parsed?.answer.status).toBe(201)
  expect(parsed?.answer.headers.get('location')).toBe('/a:b')
  expect(parsed?.answer.body.toString()).toBe('hello')
})

test.each([
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'not an HTTP/1.1 answer'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'without a usable Content-Length'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n', 'without a usable Content-Length'],
  ['x'.repeat(70_000), 'not an HTTP/1.1 answer'],
])('what it does not understand is an error: %p', (text, message) => {
  expect(() => parseAnswer(Buffer.from(text))).toThrow(message)
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
