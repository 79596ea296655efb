import { expect, test } from 'bun:test'
import { claimPort, listen } from './index.ts'
import { createTestHttp } from './test-http.testing.ts'

const { http, logger } = createTestHttp()
const hostname = '127.0.0.1'
const open = (port: number, shared: boolean) => listen({ hostname, port, shared, fetch: http.fetch, logger })
const inUse = { code: 'EADDRINUSE', syscall: 'listen' }

test('a port is shared by those who claimed it, and with nobody else', async () => {
  const first = open(0, true)
  const { port } = first
  const second = open(port, true)
  expect(() => claimPort({ hostname, port })).toThrow(expect.objectContaining(inUse))
  expect(() => open(port, false)).toThrow(expect.objectContaining(inUse))
  await Promise.all([first.stop(0), second.stop(0)])
  const claim = claimPort({ hostname, port })
  const again = open(claim.port, true)
  claim.release()
  await again.stop(0)
})

test.skipIf(process.platform !== 'linux')('while one who claimed a port begins to listen, nobody else can claim it', async () => {
  const free = open(0, false)
  const { port } = free
  await free.stop(0)
  const claim = claimPort({ hostname, port })
  expect(() => claimPort({ hostname, port })).toThrow(expect.objectContaining(inUse))
  claim.release()
  claimPort({ hostname, port }).release()
})
