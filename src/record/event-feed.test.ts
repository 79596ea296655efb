import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase, type TestDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction, transactionTable } from '../database/index.ts'
import { createManualClock } from '../lib/index.ts'
import { createEventFeed, isPositionOf, record, type EventFeed, type FeedPosition } from './index.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? crypto.getRandomValues(new Uint32Array(1))[0])
console.log(`overlapping transactions and their events: BERTH_TEST_SEED=${seed} makes the same order again`)

const beginning: FeedPosition = { seq: 0, operation: '' }
/** Open at once, below the number of connections. */
const lanes = 5

/** Where a transaction waits: before it takes the number of its event, and between that and its end. */
class Gates {
  readonly written = Promise.withResolvers<void>()
  readonly numbered = Promise.withResolvers<void>()
  readonly mayNumber = Promise.withResolvers<void>()
  readonly mayEnd = Promise.withResolvers<'commit' | 'roll back'>()
}

forEachDatabase('the events', ({ dialect, create }) => {
  let t: TestDatabase
  const gates = new Map<number, Gates>()
  // As every transaction does: it writes a row, and then its event.
  const insert = statement('insert into meta (name, value) values ($1, $2)')
  const note = transaction<{ n: number }, null>('test.note', async (tx, { n }) => {
    await tx.run(insert, `test ${n}`, '')
    const gate = gates.get(n)
    gate?.written.resolve()
    await gate?.mayNumber.promise
    const outcome = await record(tx, { kind: 'test.note', actor: undefined, repositoryId: undefined, keys: { n } }, null)
    gate?.numbered.resolve()
    return (await gate?.mayEnd.promise) === 'roll back' ? { refused: 'test' } : outcome
  })
  beforeEach(async () => {
    gates.clear()
    t = await create(transactionTable([note]), createManualClock(1_700_000_000_000))
  })
  afterEach(() => t.dispose())

  /** What the feed gives now. */
  const read = (feed: EventFeed) =>
    t.database.snapshot(async (moment) => {
      const found: number[] = []
      for await (const events of feed.read(moment)) for (const { kind, keys } of events) if (kind === 'test.note') found.push(Number(keys['n']))
      return found
    })
  /** On PostgreSQL a transaction of any database of the server, another test's for one, holds a position back for as long as it is open. */
  const untilPassed = async (feed: EventFeed): Promise<void> => {
    for (const limit = performance.now() + 30_000; (await read(createEventFeed(feed.position()))).length > 0; ) {
      if (performance.now() > limit) throw new Error('30 s were not enough: the position passes what was read')
      expect(await read(feed)).toEqual([])
    }
  }
  const commit = async (n: number): Promise<void> => expect(await t.database.transact(note, { n })).toEqual({ ok: null })
  const begin = (n: number) => {
    const gate = new Gates()
    gates.set(n, gate)
    return { gate, ended: t.database.transact(note, { n }) }
  }

  test('are read once each, in their order, when one follows the other', async () => {
    const feed = createEventFeed(beginning)
    expect(await read(feed)).toEqual([])
    for (let n = 0; n < 1100; n++) await commit(n)
    expect(await read(feed)).toEqual(Array.from({ length: 1100 }, (_, n) => n))
    expect(await read(feed)).toEqual([])
    await untilPassed(feed)
    expect(await t.database.snapshot((moment) => isPositionOf(moment, feed.position()))).toBe(true)
    expect(await t.database.snapshot((moment) => isPositionOf(moment, { ...feed.position(), operation: 'another' }))).toBe(false)
  })

  // SQLite runs one after the other.
  if (dialect === 'sqlite') return

  test.each(['commit', 'roll back'] as const)('of 1,100 commits above the number of a transaction that stays open are read, and it is waited for: %s', async (end) => {
    const feed = createEventFeed(beginning)
    await commit(-1)
    expect(await read(feed)).toEqual([-1])
    await untilPassed(feed)
    const before = feed.position()
    const long = begin(-2)
    long.gate.mayNumber.resolve()
    await long.gate.numbered.promise
    const later = Array.from({ length: 1100 }, (_, n) => n)
    for (const n of later) await commit(n)
    expect(await read(feed)).toEqual(later)
    // Whoever begins again here may get some of them twice, and misses nothing.
    expect(feed.position()).toEqual(before)
    const second = createEventFeed(feed.position())
    expect(await read(second)).toEqual(later)
    long.gate.mayEnd.resolve(end)
    await long.ended
    const expected = end === 'commit' ? [-2] : []
    expect(await read(feed)).toEqual(expected)
    expect(await read(second)).toEqual(expected)
    await commit(2000)
    expect(await read(feed)).toEqual([2000])
    await untilPassed(feed)
    expect(feed.position().seq).toBeGreaterThan(before.seq + 1100)
  })

  test('of a transaction that began long before its number are not missed', async () => {
    const feed = createEventFeed(beginning)
    const early = begin(1)
    await commit(2)
    expect(await read(feed)).toEqual([2])
    early.gate.mayNumber.resolve()
    await early.gate.numbered.promise
    await commit(3)
    expect(await read(feed)).toEqual([3])
    early.gate.mayEnd.resolve('commit')
    await early.ended
    expect(await read(feed)).toEqual([1])
  })

  test('of a transaction that is younger than every one that has ended are waited for', async () => {
    const feed = createEventFeed(beginning)
    const older = begin(1)
    await older.gate.written.promise
    const younger = begin(2)
    await younger.gate.written.promise
    younger.gate.mayNumber.resolve()
    await younger.gate.numbered.promise
    older.gate.mayNumber.resolve()
    older.gate.mayEnd.resolve('commit')
    await older.ended
    expect(await read(feed)).toEqual([1])
    younger.gate.mayEnd.resolve('commit')
    await younger.ended
    expect(await read(feed)).toEqual([2])
  })

  test.each(Array.from({ length: 8 }, (_, round) => round))('that are committed in any order are all read at the next look, round %d', async (round) => {
    const random = createNumbers(seed + round)
    let feed = createEventFeed(beginning)
    let ofFeed = new Set<number>()
    const seen = new Set<number>()
    const committed = new Set<number>()
    const waiting: ReturnType<typeof open>[] = []
    const open = (n: number) => ({ n, numbered: false, ...begin(n) })
    const look = async (): Promise<void> => {
      for (const n of await read(feed)) {
        expect(ofFeed.has(n)).toBe(false)
        ofFeed.add(n)
        seen.add(n)
      }
      expect(seen).toEqual(committed)
    }
    const advance = async (): Promise<void> => {
      const at = random(waiting.length)
      const one = waiting[at]
      if (one === undefined) return
      if (!one.numbered) {
        one.gate.mayNumber.resolve()
        await one.gate.numbered.promise
        one.numbered = true
        return
      }
      const end = random(4) === 0 ? 'roll back' : 'commit'
      one.gate.mayEnd.resolve(end)
      await one.ended
      if (end === 'commit') committed.add(one.n)
      waiting.splice(at, 1)
    }
    for (let n = 0; n < 120; n++) {
      const turn = random(10)
      if (turn < 3 && waiting.length < lanes) waiting.push(open(n))
      else if (turn < 7) await advance()
      else if (turn < 9) await look()
      else {
        feed = createEventFeed(feed.position())
        ofFeed = new Set()
      }
    }
    while (waiting.length > 0) await advance()
    await look()
  })
})

/** Numbers below a limit that depend on the seed alone. */
function createNumbers(from: number): (limit: number) => number {
  let state = from >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
