import { expect, test } from 'bun:test'
import { systemClock } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { createVerification } from './verified-read.ts'

const bytes = crypto.getRandomValues(new Uint8Array(60_000))
const digest = digestBytes(bytes, 'sha256')
const flipped = bytes.with(59_000, (bytes[59_000] ?? 0) ^ 1)

/** Opens a file with the content and counts how often. */
function opener(content: Uint8Array<ArrayBuffer>) {
  const counted = {
    times: 0,
    open: async () => {
      counted.times += 1
      return { kind: 'file', size: content.length, file: new Blob([content]) } as const
    },
  }
  return counted
}

test('`first` reads an object once, and readers that come at once share that', async () => {
  const verification = createVerification('first', systemClock)
  const counted = opener(bytes)
  expect(await Promise.all([1, 2, 3].map(() => verification.mismatch('a', digest, counted.open)))).toEqual([undefined, undefined, undefined])
  expect(await verification.mismatch('a', digest, counted.open)).toBeUndefined()
  expect(counted.times).toBe(1)
  expect(await verification.mismatch('b', digest, counted.open)).toBeUndefined()
  expect(counted.times).toBe(2)
})

test.each(['first', 'always'] as const)('`%s` finds a flipped bit every time', async (mode) => {
  const verification = createVerification(mode, systemClock)
  const counted = opener(flipped)
  for (let n = 1; n <= 2; n++) {
    expect(await verification.mismatch('a', digest, counted.open)).toBe(digestBytes(flipped, 'sha256'))
    expect(counted.times).toBe(n)
  }
})

test('`always` reads every time, `never` never', async () => {
  const counted = opener(bytes)
  const always = createVerification('always', systemClock)
  for (let n = 1; n <= 2; n++) await always.mismatch('a', digest, counted.open)
  expect(counted.times).toBe(2)
  expect(await createVerification('never', systemClock).mismatch('a', digest, opener(flipped).open)).toBeUndefined()
})

test('a reading that fails is tried again by the next reader', async () => {
  const verification = createVerification('first', systemClock)
  await expect(verification.mismatch('a', digest, () => Promise.reject(new Error('planned')))).rejects.toThrow('planned')
  expect(await verification.mismatch('a', digest, opener(flipped).open)).toBe(digestBytes(flipped, 'sha256'))
})
