import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createManualClock, systemClock } from './clock.ts'

describe('manual clock', () => {
  test('stands still until advanced', () => {
    const clock = createManualClock(1000)
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0])
    clock.advance(250)
    expect([clock.now(), clock.monotonic()]).toEqual([1250, 250])
  })

  test('wakes sleepers in the order of their due times, equal ones as they came', async () => {
    const naps = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(naps, fc.integer({ min: 1, max: 7 }), async (naps, step) => {
        const clock = createManualClock()
        const woken: number[] = []
        const all = Promise.all(naps.map((ms, index) => clock.sleep(ms).then(() => woken.push(index))))
        for (let passed = 0; passed < 20; passed += step) clock.advance(step)
        await all
        const expected = naps.map((ms, index) => ({ ms, index })).sort((a, b) => a.ms - b.ms || a.index - b.index)
        expect(woken).toEqual(expected.map(({ index }) => index))
      }),
    )
  })

  test('wakes nobody early', async () => {
    const clock = createManualClock()
    let awake = false
    const nap = clock.sleep(10).then(() => (awake = true))
    clock.advance(9)
    await Promise.resolve()
    expect(awake).toBe(false)
    clock.advance(1)
    expect(await nap).toBe(true)
  })

  test('an aborted sleeper is gone', async () => {
    const clock = createManualClock()
    const abort = new AbortController()
    const nap = clock.sleep(10, abort.signal)
    const other = clock.sleep(11)
    abort.abort(new Error('stop'))
    await expect(nap).rejects.toThrow('stop')
    clock.advance(11)
    await other
  })

  test('a signal aborted before rejects at once', async () => {
    await expect(createManualClock().sleep(10, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
  })

  test('does not go backwards', () => {
    expect(() => createManualClock().advance(-1)).toThrow(RangeError)
    expect(() => createManualClock().advance(Number.NaN)).toThrow(RangeError)
  })
})

describe('system clock', () => {
  test('sleeps for about as long as asked', async () => {
    const start = systemClock.monotonic()
    await systemClock.sleep(15)
    expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(13)
  })

  test('a sleep longer than a timer can be does not end at once, and can be aborted', async () => {
    const abort = new AbortController()
    let ended = false
    const nap = systemClock.sleep(2 ** 40, abort.signal).finally(() => (ended = true))
    await systemClock.sleep(5)
    expect(ended).toBe(false)
    abort.abort(new Error('stop'))
    await expect(nap).rejects.toThrow('stop')
  })

  test('a signal aborted before rejects at once', async () => {
    await expect(systemClock.sleep(2 ** 40, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
  })
})
