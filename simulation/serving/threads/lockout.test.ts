import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../rig/server-process.ts'

setDefaultTimeout(180_000)

test('four threads give whoever guesses a password no more attempts than one', async () => {
  const data = mkdtempSync(join(tmpdir(), 'berth-lockout-'))
  const settings = { BERTH_WORKERS: '4', BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: 'plum-Canoe 77 riddle' }
  const server = await startServer({ data, settings })
  try {
    // Each on a connection of its own: the system deals them out to the threads.
    const guess = async (at: number): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`admin:guess ${at}`).toString('base64')}`
      return (await fetch(`${server.url}/v2/`, { headers: { authorization, connection: 'close' } })).status
    }
    const statuses = await Promise.all(Array.from({ length: 24 }, (_, at) => guess(at)))
    // Each thread by itself would let five pass. Together it is five, and those that ask in the moment in which another thread counts, or
    // after the first wait of a second.
    const compared = statuses.filter((status) => status === 401).length
    expect(compared).toBeWithin(5, 13)
    expect(statuses.filter((status) => status === 429).length).toBe(24 - compared)
  } finally {
    await server.stop()
    rmSync(data, { recursive: true })
  }
})
