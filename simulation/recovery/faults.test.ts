import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachDatabase, type DatabaseKind } from '../../src/database/for-each-database.testing.ts'
import { createRecorder, RecoveryError, type Recorder, type RecorderSizes } from '../../src/features/recovery/index.ts'
import { createTestRegistry, type TestRegistry } from '../../src/registry/test-registry.testing.ts'
import { createFaultyFileSystem, type Fault } from '../../src/storage/filesystem/faulty-file-system.testing.ts'
import { createSimulatedFileSystem, type Survivors } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { createFilesystemSegments, createMemorySegments, StorageError, type FileSystem, type SegmentStore } from '../../src/storage/index.ts'
import { createRandom } from '../rig/random.ts'
import { answersOf } from './answers.ts'
import { History } from './history.ts'
import { rebuildRegistry } from './rebuilt-registry.ts'

setDefaultTimeout(300_000)

const seed = Number(process.env['BERTH_TEST_SEED'] ?? 1 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 1_000_000)
console.log(`faults of a recorder: BERTH_TEST_SEED=${seed} makes them again`)

/** Small, so that segments fill, a snapshot has pages, and old segments are deleted. */
const small: RecorderSizes = { segment: 4_000, page: 3_000, least: 500, tail: 6_000 }
const rounds = 4
const stepsOfRound = 6
const atOnce = 8

/** How a call goes wrong. After `survivors` the process is gone, and of its files what a kill or a power cut leaves. */
const ways: readonly (Omit<Fault, 'at'> & { readonly survivors?: Survivors | 'kill' })[] = [
  { code: 'EIO' },
  { code: 'ENOSPC' },
  { code: 'EIO', late: true },
  { code: 'EIO', last: true, survivors: 'kill' },
  { code: 'EIO', last: true, survivors: 'synced' },
  { code: 'EIO', last: true, late: true, survivors: 'all' },
]

/** The original, and what it answered when each round had come to its end. */
class Original {
  readonly under: TestRegistry
  readonly history: History
  readonly answers: string[][] = []

  constructor(under: TestRegistry) {
    this.under = under
    this.history = new History(under, createRandom(seed))
  }

  async round(): Promise<void> {
    for (let n = 0; n < stepsOfRound; n++) await this.history.step()
    this.answers.push(await answersOf(this.under.registry, this.history))
  }

  /** Rounds at whose end all that was named then answered like this. */
  roundsLike(answers: readonly string[]): number[] {
    const present = new Set(answers)
    return [...this.answers.keys()].filter((round) => this.answers[round]?.every((line) => present.has(line)))
  }

  recorder(segments: SegmentStore, broken: string[] = []): Recorder {
    const clock = { ...this.under.clock, sleep: async () => undefined }
    return createRecorder({ database: this.under.database, segments, clock, onBroken: (reason) => broken.push(reason), sizes: small })
  }

  /** What a registry made of the segments answers now; undefined when they hold no state. */
  async rebuilt(kind: DatabaseKind, segments: SegmentStore, untilDamage = false): Promise<{ answers: string[]; damage: string | undefined } | undefined> {
    const { store, clock } = this.under
    try {
      const made = await rebuildRegistry(kind, { segments, store, clock, untilDamage })
      try {
        expect(made.report.contradictions).toEqual([])
        return { answers: await answersOf(made.registry, this.history), damage: made.report.damage?.segment }
      } finally {
        await made.dispose()
      }
    } catch (error) {
      if (error instanceof RecoveryError && error.code === 'nothing-recorded') return undefined
      throw error
    }
  }
}

const finish = async (recorder: Recorder): Promise<void> => {
  while ((await recorder.record()) === 'more');
}

forEachDatabase('recovery segments', (kind) => {
  // Files are the same whatever database is recorded.
  if (kind.dialect !== 'sqlite') return

  async function disk(): Promise<ReturnType<typeof createSimulatedFileSystem>> {
    const made = createSimulatedFileSystem()
    await made.fs.mkdir('/data')
    await made.fs.syncDirectory('/')
    return made
  }
  const on = (fileSystem: FileSystem) => createFilesystemSegments({ root: '/data', fileSystem })

  /** Records all rounds with one fault. Answers how many calls there were. */
  async function recordWith(way: (typeof ways)[number], at: number): Promise<number> {
    const original = new Original(await createTestRegistry(kind))
    try {
      const simulated = await disk()
      const faulty = createFaultyFileSystem(simulated.fs, { ...way, at })
      const broken: string[] = []
      let segments = on(faulty.fs)
      let recorder = original.recorder(segments, broken)
      for (let round = 0; round < rounds; round++) {
        await original.round()
        try {
          await finish(recorder)
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError)
          if (way.survivors !== undefined) {
            if (way.survivors !== 'kill') simulated.powerCut(way.survivors)
            segments = on(simulated.fs)
            recorder = original.recorder(segments, broken)
          }
          await expectWhole(original, segments, round)
          await finish(recorder)
        }
      }
      expect(broken).toEqual([])
      expect(await original.rebuilt(kind, on(simulated.fs))).toEqual({ answers: original.answers.at(-1) as string[], damage: undefined })
      return faulty.calls.length
    } finally {
      await original.under.dispose()
    }
  }

  /** Right after a fault: the state of this round or of the one before, whole; of the first round perhaps none. */
  async function expectWhole(original: Original, segments: SegmentStore, round: number): Promise<void> {
    const found = await original.rebuilt(kind, segments)
    if (found === undefined) return expect(round).toBe(0)
    expect(found.damage).toBeUndefined()
    expect(original.roundsLike(found.answers).filter((like) => like >= round - 1)).not.toEqual([])
  }

  test('survive every failing call and every crash: the next recorder goes on', async () => {
    const calls = await recordWith({ code: 'EIO' }, Infinity)
    const fail = async (at: number): Promise<void> => {
      const way = ways[(at + seed) % ways.length] as (typeof ways)[number]
      try {
        await recordWith(way, at)
      } catch (error) {
        throw new Error(`call ${at}, seed ${seed}, ${JSON.stringify(way)}`, { cause: error })
      }
    }
    // They mostly wait for the disk under SQLite.
    for (let at = 1; at <= calls; at += atOnce) {
      await Promise.all(Array.from({ length: Math.min(atOnce, calls - at + 1) }, (_, n) => fail(at + n)))
    }
    console.log(`faults of a recorder: ${calls} calls failed, one in each run`)
    // How many there are depends on the history: 41 to 77 in those seen.
    expect(calls).toBeGreaterThan(30)
  })

  test('that lost their end or had a bit turned are named, and nothing of them or after them is restored', async () => {
    const original = new Original(await createTestRegistry(kind))
    const random = createRandom(seed, 'damage')
    try {
      const segments = createMemorySegments()
      for (let round = 0; round < rounds; round++) {
        await original.round()
        await finish(original.recorder(segments))
      }
      const names = await segments.list()
      let refused = 0
      for (const name of names) {
        const bytes = (await segments.read(name, Infinity)) as Uint8Array
        const turned = bytes.slice()
        turned[random.below(bytes.length)]! ^= 1 << random.below(8)
        for (const damaged of [turned, bytes.subarray(0, random.below(bytes.length)), bytes.subarray(0, -1)]) {
          await segments.delete(name)
          await segments.put(name, damaged)
          refused += await expectRefused(original, segments, name)
        }
        await segments.delete(name)
        await segments.put(name, bytes)
      }
      expect(refused).toBeGreaterThan(3)
      expect(await original.rebuilt(kind, segments)).toEqual({ answers: original.answers.at(-1) as string[], damage: undefined })
    } finally {
      await original.under.dispose()
    }
  })

  /** Answers 0 when the damaged segment is one that the newest state does not need. */
  async function expectRefused(original: Original, segments: SegmentStore, name: string): Promise<number> {
    try {
      const found = await original.rebuilt(kind, segments)
      expect(found).toEqual({ answers: original.answers.at(-1) as string[], damage: undefined })
      return 0
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error
      expect(error).toMatchObject({ values: { segment: name } })
      if (error.code === 'segments-lost') return 1
      expect(error.code).toBe('segments-damaged')
    }
    const older = await original.rebuilt(kind, segments, true)
    expect(older?.damage).toBe(name)
    expect(original.roundsLike(older?.answers ?? []).length).toBeGreaterThan(0)
    return 1
  }
})
