import { describe, expect, test } from 'bun:test'
import { createManualClock } from './clock.ts'
import { retry, type RetryOptions } from './retry.ts'

/** A clock that only notes how long it was asked to sleep. */
function createNotingClock() {
  const naps: number[] = []
  return {
    naps,
    clock: {
      ...createManualClock(),
      sleep: async (ms: number, signal?: AbortSignal) => {
        signal?.throwIfAborted()
        naps.push(ms)
      },
    },
  }
}

function setUp(overrides: Partial<RetryOptions> = {}) {
  const { naps, clock } = createNotingClock()
  const attempts: number[] = []
  const options: RetryOptions = { clock, attempts: 4, delay: (attempt) => attempt * 10, when: () => true, ...overrides }
  const failing = (failures: number) =>
    retry(async (attempt) => {
      attempts.push(attempt)
      if (attempt <= failures) throw new Error(`failure ${attempt}`)
      return `done ${attempt}`
    }, options)
  return { naps, attempts, failing }
}

describe('retry', () => {
  test('a success at once waits for nothing', async () => {
    const { naps, attempts, failing } = setUp()
    expect(await failing(0)).toBe('done 1')
    expect([attempts, naps]).toEqual([[1], []])
  })

  test('waits between attempts as told', async () => {
    const { naps, attempts, failing } = setUp()
    expect(await failing(3)).toBe('done 4')
    expect([attempts, naps]).toEqual([
      [1, 2, 3, 4],
      [10, 20, 30],
    ])
  })

  test('gives up with the last error', async () => {
    const { naps, attempts, failing } = setUp()
    await expect(failing(9)).rejects.toThrow('failure 4')
    expect([attempts.length, naps.length]).toEqual([4, 3])
  })

  test('throws at once what will not pass', async () => {
    const { attempts, failing } = setUp({ when: (error) => error instanceof Error && error.message !== 'failure 2' })
    await expect(failing(9)).rejects.toThrow('failure 2')
    expect(attempts).toEqual([1, 2])
  })

  test('starts nothing once aborted', async () => {
    const { attempts, failing } = setUp({ signal: AbortSignal.abort(new Error('stop')) })
    await expect(failing(0)).rejects.toThrow('stop')
    expect(attempts).toEqual([])
  })

  test('an abort ends the waiting', async () => {
    const abort = new AbortController()
    const when = () => {
      abort.abort(new Error('stop'))
      return true
    }
    const { attempts, failing } = setUp({ when, signal: abort.signal, clock: createManualClock() })
    await expect(failing(9)).rejects.toThrow('stop')
    expect(attempts).toEqual([1])
  })
})
