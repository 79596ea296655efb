import { Glob } from 'bun'
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../rig/random.ts'
import { generateManifest } from './generate-manifest.ts'
import { instrument } from './instrument.ts'
import { runFuzz, tryFuzz } from './run-fuzz.ts'
import { shrink } from './shrink.ts'
import { targets } from './targets/index.ts'
import { checkManifest } from './targets/manifests.ts'

// New inputs for each run; a failure names its seed and its input, and BERTH_TEST_SEED=<seed> begins with the same ones again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Date.now() % 1_000_000_000)
const root = join(import.meta.dir, '../..')
const share = (remainder: number) => targets.filter((_, at) => at % 2 === remainder).map(({ name }) => name)

test(`20 seconds of inputs for each of ${targets.length} readers, guided by what runs (seed ${seed}), break no rule`, async () => {
  const until = { ms: 20_000 }
  const reports = (await Promise.all([0, 1].map((half) => runFuzz({ targets: share(half), seed, until })))).flat()
  expect(reports.map(({ target }) => target).sort()).toEqual(targets.map(({ name }) => name).sort())
  for (const { target, runs, corpus } of reports) {
    console.log(`${target}: ${runs} inputs, ${corpus} of them reached something new`)
    expect(runs, target).toBeGreaterThan(100)
  }
}, 400_000)

test(`two readers agree on 100,000 generated manifests and indexes (seed ${seed})`, () => {
  const random = createRandom('manifests', seed)
  let taken = 0
  for (let left = 100_000; left > 0; left--) {
    const { bytes, contentType } = generateManifest(random)
    if (checkManifest(bytes, contentType)) taken++
  }
  // Both kinds often enough to show something.
  expect(taken).toBeGreaterThan(20_000)
  expect(taken).toBeLessThan(80_000)
}, 300_000)

/** Four comparisons behind each other: each is a branch to reach, and all four at once no chance hits. */
const staged = [113, 122, 106, 120].reduceRight(
  (inner, code, at) => `if (text.charCodeAt(${at}) === ${code}) { ${inner} }`,
  "throw new Error('planted')",
)
const planted = {
  file: '/src/oci/tag.ts',
  from: 'if (grammar.test(text)) return',
  to: `${staged}\n  if (grammar.test(text)) return`,
}

test('a bug behind four comparisons is found by what runs, and not by chance', async () => {
  const [found] = await tryFuzz({ targets: ['tag'], seed, until: { ms: 60_000 }, planted })
  expect(found?.broken).toEqual({ input: Buffer.from('qzjx').toString('base64'), reason: 'planted' })
  const runs = found?.runs ?? 0
  const [blind] = await tryFuzz({ targets: ['tag'], seed, until: { runs }, planted, guided: false })
  expect([blind?.broken, (blind?.runs ?? 0) >= runs]).toEqual([undefined, true])
}, 200_000)

// What a real mistake would look like, each found by the rule that it breaks.
test.each([
  [
    'manifest',
    { file: '/src/oci/strict-json.ts', from: 'if (names.has(name))', to: 'if (names.has(name) && depth !== 3)' },
    'two readers differ on a manifest',
  ],
  [
    'range',
    { file: '/src/oci/byte-range.ts', from: 'Math.min(Number(last), size - 1)', to: 'Math.min(Number(last), size)' },
    'a Range is read otherwise',
  ],
  ['digest', { file: '/src/oci/digest.ts', from: '[a-f0-9]{64}|', to: '[a-f0-9./]{64}|' }, 'the two readings of a name differ'],
  [
    'config-yml',
    { file: '/src/config/distribution/keys.ts', from: "refusedSection('auth', []", to: "ignoredSection('auth', []" },
    'a section auth is passed over',
  ],
] as const)(
  'a mistake in what reads %s is found',
  async (target, mistake, reason) => {
    const [report] = await tryFuzz({ targets: [target], seed, until: { ms: 60_000 }, planted: mistake })
    expect(report?.broken?.reason).toStartWith(reason)
  },
  100_000,
)

test('the sources can be counted without becoming something else', () => {
  const transpiler = new Bun.Transpiler({ loader: 'ts' })
  for (const path of new Glob('src/**/*.ts').scanSync({ cwd: root })) {
    const { text, counters } = instrument(path, readFileSync(join(root, path), 'utf8'), 0)
    expect(() => transpiler.transformSync(text), path).not.toThrow()
    expect(counters, path).toBeLessThan(2_000)
  }
  const counted = instrument('a.ts', "const f = (a?: number) => a ? { a } : a ?? 'word'", 7)
  expect(counted).toMatchObject({ counters: 4, words: ['word'] })
  expect(counted.text).toContain("(__ran[7]++,(a ? (__ran[8]++,({ a })) : (__ran[9]++,(a ?? (__ran[10]++,('word'))))))")
})

test('an input is cut down to what breaks the rule', () => {
  const long = Buffer.from(`${'x'.repeat(500)}a${'y'.repeat(300)}b${'z'.repeat(99)}`)
  expect(Buffer.from(shrink(long, (shorter) => /a.*b/.test(Buffer.from(shorter).toString()))).toString()).toBe('ab')
})
