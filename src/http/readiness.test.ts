import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createReadiness } from './readiness.ts'

test('names each part that can not be used, and asks at most once a second', async () => {
  const clock = createManualClock()
  let asked = 0
  let broken = false
  const readiness = createReadiness({
    clock,
    checks: {
      database: () => (asked++, broken ? Promise.reject(new Error('gone')) : Promise.resolve()),
      storage: () => Promise.resolve(),
    },
  })
  expect(await readiness.reasons()).toEqual([])
  broken = true
  clock.advance(999)
  expect([await readiness.reasons(), asked]).toEqual([[], 1])
  clock.advance(1)
  expect([await readiness.reasons(), asked]).toEqual([['database: gone'], 2])
  broken = false
  clock.advance(1_000)
  expect(await readiness.reasons()).toEqual([])
})

test('does not wait for a part that hangs', async () => {
  const clock = createManualClock()
  const readiness = createReadiness({ clock, checks: { database: () => new Promise(() => undefined), storage: () => Promise.resolve() } })
  const reasons = readiness.reasons()
  clock.advance(2_000)
  expect(await reasons).toEqual(['database: no answer within 2000 ms'])
})

test('is over once the process ends, whatever the parts say', async () => {
  const readiness = createReadiness({ clock: createManualClock(), checks: {} })
  expect(await readiness.reasons()).toEqual([])
  readiness.drain()
  expect(await readiness.reasons()).toEqual(['the process is ending'])
})
