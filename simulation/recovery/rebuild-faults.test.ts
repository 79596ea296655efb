import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachDatabase } from '../../src/database/for-each-database.testing.ts'
import { createRecorder } from '../../src/features/recovery/index.ts'
import { createTestRegistry } from '../../src/registry/test-registry.testing.ts'
import { createFaultyFileSystem } from '../../src/storage/filesystem/faulty-file-system.testing.ts'
import { createSimulatedFileSystem } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { createFilesystemSegments, StorageError, type BlobStore, type FileSystem } from '../../src/storage/index.ts'
import { createRandom } from '../rig/random.ts'
import { answersOf } from './answers.ts'
import { History } from './history.ts'
import { rebuildRegistry } from './rebuilt-registry.ts'

setDefaultTimeout(120_000)

const seed = Number(process.env['BERTH_TEST_SEED'] ?? 1 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 1_000_000)
console.log(`faults of a rebuild: BERTH_TEST_SEED=${seed} makes them again`)

/** Small, so that there are several segments. */
const sizes = { segment: 4_000, page: 3_000, least: 500, tail: 6_000 }
const steps = 40

forEachDatabase('a rebuild', (kind) => {
  test('that can not read something fails: it never takes that for older, for damaged or for missing', async () => {
    const original = await createTestRegistry(kind)
    try {
      const simulated = createSimulatedFileSystem()
      await simulated.fs.mkdir('/data')
      const segmentsOn = (fileSystem: FileSystem) => createFilesystemSegments({ root: '/data', fileSystem })
      const history = new History(original, createRandom(seed))
      for (let step = 0; step < steps; step++) await history.step()
      const clock = { ...original.clock, sleep: async () => undefined }
      const recorder = createRecorder({ ...original, segments: segmentsOn(simulated.fs), clock, onBroken: () => undefined, sizes })
      while ((await recorder.record()) === 'more');
      const answers = await answersOf(original.registry, history)

      const rebuildWith = async (at: number, untilDamage: boolean): Promise<number> => {
        const faulty = createFaultyFileSystem(simulated.fs, { code: 'EIO', at })
        const store = failingStats(original.store, at, () => faulty.calls.length)
        const made = await rebuildRegistry(kind, { segments: segmentsOn(faulty.fs), store: store.store, clock, untilDamage })
        const calls = faulty.calls.length + store.end()
        try {
          expect(made.report.damage).toBeUndefined()
          expect(await answersOf(made.registry, history)).toEqual(answers)
        } finally {
          await made.dispose()
        }
        return calls
      }
      const calls = await rebuildWith(Infinity, false)
      for (let at = 1; at <= calls; at++) {
        const error = await rebuildWith(at, at % 2 === 0).then(() => undefined, (reason: unknown) => reason)
        expect(error).toBeInstanceOf(StorageError)
      }
      console.log(`faults of a rebuild: ${calls} calls failed, one in each run`)
      expect(calls).toBeGreaterThan(20)
    } finally {
      await original.dispose()
    }
  })
})

/** Its looks at files are counted on after the calls before, and number `at` fails; none does after `end`, which answers how many there were. */
function failingStats(inner: BlobStore, at: number, before: () => number): { readonly store: BlobStore; end(): number } {
  let looks = 0
  let ended = false
  const stat: BlobStore['stat'] = async (key) => {
    if (!ended && before() + ++looks === at) throw new StorageError('failed', 'made up')
    return await inner.stat(key)
  }
  // Its other methods need it as their `this`.
  const get = (_: BlobStore, name: keyof BlobStore): unknown => {
    const value = inner[name]
    return name === 'stat' ? stat : typeof value === 'function' ? value.bind(inner) : value
  }
  const end = (): number => {
    ended = true
    return looks
  }
  return { store: new Proxy(inner, { get: get as (target: BlobStore, name: string | symbol) => unknown }), end }
}
