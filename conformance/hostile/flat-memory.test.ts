import { expect, setDefaultTimeout, test } from 'bun:test'
import { measureMemory } from '../process/memory.ts'
import { startServer } from '../server.ts'
import { reactionTo } from './hostile-case.ts'
import { pathCases, pathControls } from './path-cases.ts'
import { queryCases, queryControls } from './query-cases.ts'

setDefaultTimeout(180_000)

/** A server that has served such requests before has compiled and filled what it keeps anyway. */
const bound = 10 * 1024 ** 2

const elsewhere = process.platform === 'linux' ? '' : ' (skipped: there is no /proc to read memory from)'

test.skipIf(elsewhere !== '')(`a thousand hostile requests keep nothing${elsewhere}`, async () => {
  const server = await startServer()
  try {
    const requests = [...pathControls, ...queryControls, ...pathCases, ...queryCases]
    expect(requests.length).toBeGreaterThan(1000)
    const round = async (): Promise<void> => {
      for (const one of requests) await reactionTo(server.url, one)
    }
    await round()
    const { before, peak } = await measureMemory(server.pid, round)
    expect(peak - before).toBeLessThan(bound)
  } finally {
    await server.stop()
  }
})
