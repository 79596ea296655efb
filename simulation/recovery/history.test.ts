import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachDatabase } from '../../src/database/for-each-database.testing.ts'
import { createRecorder, type RecorderSizes } from '../../src/features/recovery/index.ts'
import { createTestRegistry } from '../../src/registry/test-registry.testing.ts'
import { createMemorySegments } from '../../src/storage/index.ts'
import { createRandom } from '../rig/random.ts'
import { answersOf, trashOf } from './answers.ts'
import { History } from './history.ts'
import { rebuildRegistry } from './rebuilt-registry.ts'

setDefaultTimeout(120_000)

const seed = Number(process.env['BERTH_TEST_SEED'] ?? crypto.getRandomValues(new Uint32Array(1))[0])
console.log(`histories of a lost registry: BERTH_TEST_SEED=${seed} makes them again`)
/** Small, so that segments fill, snapshots have pages, and the tail is replaced often. */
const small: RecorderSizes = { segment: 4_000, page: 3_000, least: 500, tail: 20_000 }

forEachDatabase('a registry rebuilt from its segments', (kind) => {
  test.each([1, 2, 3, 4])('answers as the lost one did, history %d', async (number) => {
    const random = createRandom(seed, number)
    const original = await createTestRegistry(kind)
    const { database, clock, store } = original
    try {
      const segments = createMemorySegments()
      const broken: string[] = []
      const begin = () => createRecorder({ database, segments, clock: { ...clock, sleep: async () => undefined }, onBroken: (reason) => broken.push(reason), sizes: small })
      let recorder = begin()
      const history = new History(original, random)
      for (let round = 0; round < 4; round++) {
        for (let n = 0; n < 40; n++) {
          await history.step()
          if (random.chance(0.3)) await recorder.record()
          if (random.chance(0.05)) recorder = begin()
        }
        while ((await recorder.record()) === 'more');
        const expected = await answersOf(original.registry, history)
        const discarded = await trashOf(original.registry, history.projects)
        await recorder.record()
        const rebuilt = await rebuildRegistry(kind, { segments, store, clock })
        try {
          expect(rebuilt.report).toMatchObject({ contradictions: [], missing: [], damage: undefined })
          expect(await answersOf(rebuilt.registry, history)).toEqual(expected)
          expect(await trashOf(rebuilt.registry, history.projects)).toEqual(discarded)
        } finally {
          await rebuilt.dispose()
        }
      }
      expect(broken).toEqual([])
    } finally {
      await original.dispose()
    }
  })
})
