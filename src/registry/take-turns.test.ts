import { expect, test } from 'bun:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock, systemClock } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { takeTurns } from './take-turns.ts'
import { createVerification } from './verified-read.ts'

test('others have a turn after each 2 MiB', async () => {
  let turns = 0
  const turn = takeTurns({ ...createManualClock(), sleep: async () => void turns++ })
  for (let piece = 0; piece < 100; piece++) await turn(100_000)
  expect(turns).toBe(4)
})

test('while a large file is verified, requests are answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-turns-'))
  const bytes = new Uint8Array(256 * 1024 * 1024)
  await Bun.write(join(folder, 'large'), bytes)
  const server = createServer((_, response) => void response.end('ok')).listen(0, '127.0.0.1')
  const file = Bun.file(join(folder, 'large'))
  const opened = { kind: 'file', size: bytes.length, file } as const
  let [done, answered] = [false, 0]
  const client = new Worker(`data:text/javascript,onmessage = async ({ data }) => { for (;;) { await fetch(data); postMessage('answered') } }`)
  try {
    const { port } = server.address() as AddressInfo
    const first = Promise.withResolvers<void>()
    client.addEventListener('message', () => {
      first.resolve()
      if (!done) answered++
    })
    client.postMessage(`http://127.0.0.1:${port}/`)
    await first.promise
    answered = 0
    const verified = createVerification('always', systemClock).mismatch('a', digestBytes(bytes, 'sha256'), () => Promise.resolve(opened))
    expect(await verified).toBeUndefined()
    done = true
    expect(answered).toBeGreaterThan(3)
  } finally {
    client.terminate()
    server.close()
    rmSync(folder, { recursive: true })
  }
}, 180_000)
