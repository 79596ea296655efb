import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createKeyedLock } from './mutex.ts'

describe('keyed lock', () => {
  test('runs under one key one after the other, in order, and frees its memory', async () => {
    const run = fc.record({ key: fc.constantFrom('a', 'b', 'c'), turns: fc.nat(4), fails: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(run), async (runs) => {
        const lock = createKeyedLock()
        const inside = new Map<string, number>()
        const finished = new Map<string, number[]>()
        const results = runs.map(({ key, turns, fails }, index) =>
          lock.run(key, async () => {
            expect(inside.get(key) ?? 0).toBe(0)
            inside.set(key, 1)
            for (let turn = 0; turn < turns; turn++) await Promise.resolve()
            inside.set(key, 0)
            finished.set(key, [...(finished.get(key) ?? []), index])
            if (fails) throw new Error(`run ${index}`)
            return index
          }),
        )
        const settled = await Promise.allSettled(results)
        expect(settled.map(({ status }) => status)).toEqual(runs.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')))
        for (const order of finished.values()) expect(order).toEqual(order.toSorted((a, b) => a - b))
        expect(lock.size).toBe(0)
      }),
    )
  })

  test('one that comes while others have ended and one still runs waits for that one', async () => {
    const lock = createKeyedLock()
    const { promise, resolve } = Promise.withResolvers<void>()
    const order: string[] = []
    const first = lock.run('a', () => order.push('first'))
    const second = lock.run('a', async () => {
      await promise
      order.push('second')
    })
    await first
    const third = lock.run('a', () => order.push('third'))
    await lock.run('b', () => undefined)
    resolve()
    await Promise.all([second, third])
    expect(order).toEqual(['first', 'second', 'third'])
  })

  test('keys do not wait for each other', async () => {
    const lock = createKeyedLock()
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = lock.run('a', () => promise)
    expect(await lock.run('b', () => 'free')).toBe('free')
    expect(lock.size).toBe(1)
    resolve()
    await held
    expect(lock.size).toBe(0)
  })

  test('a function that throws before it waits lets the next one in', async () => {
    const lock = createKeyedLock()
    const failing = lock.run('a', () => {
      throw new Error('broken')
    })
    const next = lock.run('a', () => 'next')
    await expect(failing).rejects.toThrow('broken')
    expect(await next).toBe('next')
  })
})
