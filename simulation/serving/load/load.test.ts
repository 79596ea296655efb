import { expect, test } from 'bun:test'
import { overload } from './overload.ts'
import { steadyLoad } from './steady.ts'
import { largeUploads } from './uploads.ts'

// A failure names its seed, and BERTH_TEST_SEED=<seed> makes the same choices again. How long anything took is no part of these tests.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const elsewhere = process.platform === 'linux' ? '' : ' (skipped: there is no /proc to read memory from)'
const named = (what: string): string => `${what}${elsewhere}`

function show(form: string, figures: unknown): void {
  console.log(`load ${form}, seed ${seed}: ${JSON.stringify(figures)}`)
}

test.skipIf(elsewhere !== '')(
  named('64 clients pull and push: every answer is right, and ending under them breaks nothing off'),
  async () => {
    const { load, use, drain } = await steadyLoad({ seconds: 6, seed })
    show('steady', { load, use, drain })
    expect(load.latencies['put manifest']?.count ?? 0).toBeGreaterThan(10)
    expect(load.latencies['get blob']?.count ?? 0).toBeGreaterThan(10)
    expect(load.shed).toEqual({})
    expect(use.peakRss).toBeLessThan(512)
    expect(use.end.descriptors).toBeLessThan(use.start.descriptors + 80)
  },
  300_000,
)

test.skipIf(elsewhere !== '')(
  named('two large uploads beside small pulls: all bytes arrive, and memory stays'),
  async () => {
    const figures = await largeUploads({ seconds: 1, seed, mebibytes: 192 })
    show('uploads', figures)
    expect(figures.uploads).toHaveLength(2)
    expect(figures.beside.latencies['get manifest']?.count ?? 0).toBeGreaterThan(10)
    expect(figures.use.peakRss).toBeLessThan(400)
  },
  300_000,
)

test.skipIf(elsewhere !== '')(
  named('a crowd ten times too large, beside slow sockets: some are told to come later, nobody anything worse'),
  async () => {
    const figures = await overload({ seconds: 2, seed, clients: 32, slow: 200, requests: 110 })
    show('overload', figures)
    const { busy, tenfold, after, use } = figures
    expect(busy.shed).toEqual({})
    expect(Object.keys(tenfold.shed)).toEqual(['503'])
    expect(tenfold.imagesPerSecond).toBeGreaterThan(0)
    expect(after.shed).toEqual({})
    expect(use.peakRss).toBeLessThan(512)
    expect(use.end.descriptors).toBeLessThan(use.start.descriptors + 8)
  },
  300_000,
)
