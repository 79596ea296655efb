import { expect, test } from 'bun:test'
import { andThen, type Soon } from './soon.ts'

const twice = (value: Soon<number>) => andThen(value, (n) => n * 2)

test('goes on at once with what is at hand, and later with what was promised', async () => {
  expect(twice(2)).toBe(4)
  const later = twice(Promise.resolve(2))
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(4)
})

test('a promise that rejects stays one', async () => {
  const failed = Promise.reject(new Error('no'))
  expect(await Promise.resolve(twice(failed)).catch((error: Error) => error.message)).toBe('no')
})
