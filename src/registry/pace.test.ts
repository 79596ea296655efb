import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createPace } from './pace.ts'

test('a rate is shared by all who take from it, and nobody takes more than a quarter of a second at a time', async () => {
  const clock = createManualClock()
  const pace = createPace(100, clock)
  expect([pace.atOnce, createPace(1, clock).atOnce, createPace(undefined, clock).atOnce]).toEqual([25, 1, Number.POSITIVE_INFINITY])
  const done: string[] = []
  const take = (name: string) => pace.take(25).then(() => done.push(`${name} ${clock.monotonic()}`))
  const all = Promise.all([take('one'), take('two'), take('three')])
  for (let waited = 0; waited < 600; waited += 50) {
    for (let turns = 0; turns < 10; turns++) await Promise.resolve()
    clock.advance(50)
  }
  await all
  expect(done).toEqual(['one 0', 'two 250', 'three 500'])
  clock.advance(400)
  // What was not taken in time is lost: a pause does not let a burst through.
  await pace.take(25)
  const late = pace.take(25).then(() => clock.monotonic())
  clock.advance(250)
  expect(await late).toBe(1250)
})
