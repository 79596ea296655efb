import { expect, test } from 'bun:test'
import { addFigures, floor, missesOf, noFigures, rareFloor } from './figures.ts'
import { realParts, runSeed } from './run-seed.ts'
import type { Parts } from './server.ts'

// The seeds of the test run are always the same ones, so that a failure is there for everybody; the soak goes on from 301.
const seeds = 300

test('one seed and commit make one run', async () => {
  const [once, again, other] = [await runSeed(4711), await runSeed(4711), await runSeed(4712)]
  expect(again).toEqual(once)
  expect(other.digest).not.toBe(once.digest)
})

test('a file that is not synced is missed after a power cut', async () => {
  const forgetful: Parts = {
    ...realParts,
    fileSystem: (fs) => ({ ...fs, open: async (path, mode) => ({ ...(await fs.open(path, mode)), sync: () => Promise.resolve() }) }),
  }
  const failures: string[] = []
  for (let seed = 1; seed <= 20 && failures.length === 0; seed++) {
    await runSeed(seed, forgetful).catch((error: Error) => failures.push(error.message))
  }
  expect(failures[0]).toMatch(/is live with \d+ bytes, and its file has/)
})

test(`${seeds} seeds: no promise is broken, everything converges, and each named interleaving occurs ${floor} times, rare ones ${rareFloor}`, async () => {
  const sum = noFigures()
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await runSeed(seed)
    expect(result.requests).toBeGreaterThanOrEqual(300)
    expect(result.crashes).toBeGreaterThanOrEqual(1)
    addFigures(sum, result)
  }
  console.log(JSON.stringify(sum, undefined, 2))
  expect(missesOf(sum)).toEqual([])
}, 600_000)
