import { describe, expect, test } from 'bun:test'
import { createManualClock } from './clock.ts'
import { repeat } from './repeat.ts'

/** Lets everything that can go on without the clock do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

const never = (error: unknown): never => {
  throw new Error('a step failed', { cause: error })
}

describe('repeat', () => {
  test('takes the first step at once, the next after what it answered, and none between', async () => {
    const clock = createManualClock()
    const pauses = [0, 0, 1_000, 500]
    const taken: number[] = []
    const stop = repeat({ clock, failed: never, step: async () => (taken.push(clock.monotonic()), pauses[taken.length - 1] ?? 60_000) })
    await settle()
    expect(taken).toEqual([0, 0, 0])
    clock.advance(999)
    await settle()
    expect(taken).toHaveLength(3)
    clock.advance(1)
    await settle()
    clock.advance(500)
    await settle()
    expect(taken).toEqual([0, 0, 0, 1_000, 1_500])
    await stop()
  })

  test('hands over what a step threw, and goes on after the pause that is answered', async () => {
    const clock = createManualClock()
    const heard: unknown[] = []
    let steps = 0
    const stop = repeat({
      clock,
      step: async () => {
        if (++steps === 1) throw new Error('the disk is away')
        return 60_000
      },
      failed: (error) => (heard.push(error), 10_000),
    })
    await settle()
    expect(heard).toEqual([new Error('the disk is away')])
    clock.advance(9_999)
    await settle()
    expect(steps).toBe(1)
    clock.advance(1)
    await settle()
    expect(steps).toBe(2)
    await stop()
  })

  test('stopped while it waits it ends at once, and takes no further step', async () => {
    const clock = createManualClock()
    let steps = 0
    const stop = repeat({ clock, failed: never, step: async () => (steps++, 60_000) })
    await settle()
    await stop()
    clock.advance(120_000)
    await settle()
    expect(steps).toBe(1)
  })

  test('stopped during a step it tells the step, and waits until that has ended', async () => {
    const clock = createManualClock()
    const { promise: work, resolve: finish } = Promise.withResolvers<void>()
    let told: boolean | undefined
    const stop = repeat({
      clock,
      failed: never,
      step: async (stopped) => {
        await work
        told = stopped.aborted
        return 0
      },
    })
    let hasEnded = false
    const stopping = stop().then(() => (hasEnded = true))
    await settle()
    expect(hasEnded).toBe(false)
    finish()
    await stopping
    expect(told).toBe(true)
  })
})
