import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { forEachServer } from './for-each-server.ts'
import { startServer } from './server.ts'

setDefaultTimeout(180_000)

forEachServer('the launcher', (server) => {
  test('starts a server that is its own process', async () => {
    const { url, pid } = server()
    expect((await fetch(`${url}/v2/`)).status).toBe(200)
    process.kill(pid, 0)
  })
})

test('a stopped or killed server leaves nothing', async () => {
  for (const how of ['stop', 'kill9'] as const) {
    const server = await startServer()
    expect(existsSync(server.data)).toBe(true)
    await server[how]()
    expect(existsSync(server.data)).toBe(false)
    expect(() => process.kill(-server.pid, 0)).toThrow('ESRCH')
  }
})

test('a server that cannot start says why', async () => {
  await expect(startServer({ flags: ['--nonsense'] })).rejects.toThrow('unknown flag --nonsense')
})
