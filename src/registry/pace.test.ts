import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createPace } from './pace.ts'

const nothing = () => Promise.resolve()
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('a rate is shared by all who work at it, and nobody does more than a quarter of a second at a time', async () => {
  const clock = createManualClock()
  const pace = createPace(100, clock)
  expect([pace, createPace(1, clock)].map(({ atOnce, piece }) => [atOnce, piece])).toEqual([[25, 25], [1, 1]])
  const done: string[] = []
  const work = (name: string) => pace.work(25, nothing).then(() => done.push(`${name} ${clock.monotonic()}`))
  const all = Promise.all([work('one'), work('two'), work('three')])
  for (let waited = 0; waited < 600; waited += 50) {
    await turns()
    clock.advance(50)
  }
  await all
  expect(done).toEqual(['one 0', 'two 250', 'three 500'])
  clock.advance(400)
  // What was not done in time is lost: a pause does not let a burst through.
  await pace.work(25, nothing)
  const late = pace.work(25, nothing).then(() => clock.monotonic())
  clock.advance(250)
  expect(await late).toBe(1250)
})

test('without a rate, work rests as long as it took, also where it failed', async () => {
  const clock = createManualClock()
  const pace = createPace(undefined, clock)
  expect(pace.atOnce).toBe(Number.POSITIVE_INFINITY)
  const taking = (ms: number) => () => Promise.resolve(clock.advance(ms))
  await pace.work(pace.piece, taking(20))
  const begun: number[] = []
  const failing = pace.work(pace.piece, () => {
    begun.push(clock.monotonic())
    return taking(30)().then(() => Promise.reject(new Error('the end')))
  })
  const told = failing.catch(String)
  for (const ms of [19, 1]) {
    await turns()
    clock.advance(ms)
  }
  expect(await told).toBe('Error: the end')
  const last = pace.work(pace.piece, () => Promise.resolve(begun.push(clock.monotonic())))
  for (const ms of [29, 1]) {
    await turns()
    clock.advance(ms)
  }
  await last
  expect(begun).toEqual([40, 100])
})

test('without a rate, one piece is done at a time, and none waits after one that was in a hurry', async () => {
  const clock = createManualClock()
  const pace = createPace(undefined, clock)
  const done: string[] = []
  const work = (name: string, hurries: boolean) =>
    pace.work(pace.piece, () => clock.sleep(10).then(() => done.push(`${name} ${clock.monotonic()}`)), hurries)
  const all = Promise.all([work('one', false), work('two', true), work('three', false)])
  for (let waited = 0; waited < 100; waited += 10) {
    await turns()
    clock.advance(10)
  }
  await all
  expect(done).toEqual(['one 10', 'two 30', 'three 40'])
})
