import { afterEach, expect, test } from 'bun:test'
import { readSlowly, writeSlowly } from './slow-connection.ts'

let server: Bun.TCPSocketListener | undefined
afterEach(() => server?.stop(true))

function listen(data: (socket: Bun.Socket) => void): number {
  server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data } })
  return server.port
}

async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!done()) {
    if (performance.now() > end) throw new Error('it did not happen')
    await Bun.sleep(5)
  }
}

test('a slow reader takes a head in pieces, and says which answer was wrong', async () => {
  for (const [status, failure] of [['200', undefined], ['503', 'HTTP/1.1 503']] as const) {
    const port = listen((socket) => {
      socket.write('HTTP/1.')
      setTimeout(() => socket.write(`1 ${status} X\r\nContent-Length: 9\r\n\r\nsome`), 10)
    })
    const slow = await readSlowly(port, '/', 1)
    await until(() => slow.moved() > 30)
    expect(slow.failure()).toBe(failure)
    slow.breakOff()
    server?.stop(true)
  }
})

test('a slow writer goes on until it is broken off, and an answer before that is a failure', async () => {
  let answer = false
  const port = listen((socket) => void (answer && socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')))
  const slow = await writeSlowly(port, '/', Buffer.from('piece'), 1)
  await until(() => slow.moved() > 50)
  expect(slow.failure()).toBeUndefined()
  answer = true
  await until(() => slow.failure() !== undefined)
  expect(slow.failure()).toStartWith('answered early: HTTP/1.1 400')
  slow.breakOff()
})
