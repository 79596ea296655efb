import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../lib/index.ts'
import { createAttemptMemory } from './attempt-counts.ts'
import { createLockout, type Lockout } from './lockout.ts'

const seconds = 1_000
const minutes = 60 * seconds

function createRig() {
  const clock = createManualClock(1_700_000_000_000)
  const lockout = createLockout({ clock, salt: 'salt' })
  return { clock, lockout }
}

/** As many wrong attempts as may be made now; how many there were. */
function attack(lockout: Lockout, name: string, network: string, most = 1_000): number {
  let made = 0
  while (made < most && lockout.wait(name, network) === 0) {
    lockout.begin(name, network)
    made++
  }
  return made
}

test('a few wrong attempts cost nothing, then each doubles the wait, up to a quarter of an hour', () => {
  const { clock, lockout } = createRig()
  expect(attack(lockout, 'alice', 'a')).toBe(5)
  const waits: number[] = []
  for (let at = 0; at < 13; at++) {
    const wait = lockout.wait('alice', 'a')
    waits.push(wait)
    clock.advance(wait * seconds - 1)
    expect(lockout.wait('alice', 'a')).toBe(1)
    clock.advance(1)
    lockout.begin('alice', 'a')
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  clock.advance(60 * minutes)
  expect(attack(lockout, 'alice', 'a')).toBe(5)
})

test('many at once are counted before any of them is checked', () => {
  const { lockout } = createRig()
  expect(attack(lockout, 'alice', 'a', 100)).toBe(5)
})

test('a right password ends it, and what was not compared does not count', () => {
  const { lockout } = createRig()
  for (let at = 0; at < 4; at++) lockout.begin('alice', 'a')
  lockout.begin('alice', 'a').succeeded()
  for (let at = 0; at < 100; at++) lockout.begin('alice', 'a').undone()
  expect(attack(lockout, 'alice', 'a')).toBe(5)
})

test('what was not compared takes no other attempt back that was made meanwhile', () => {
  const { clock, lockout } = createRig()
  let attempts = 0
  while (attempts < 100 && lockout.wait('alice', 'a') === 0) {
    const busy = lockout.begin('alice', 'a')
    clock.advance(1)
    lockout.begin('alice', 'a')
    busy.undone()
    attempts++
  }
  expect([attempts, lockout.wait('alice', 'a')]).toEqual([5, 1])
})

test('nobody is kept out from elsewhere, and no other name from there', () => {
  const { lockout } = createRig()
  attack(lockout, 'alice', 'a')
  expect(lockout.wait('alice', 'b')).toBe(0)
  expect(lockout.wait('bob', 'a')).toBe(0)
})

describe('an account that is attacked from a thousand networks', () => {
  test('lets each of them try once, and its owner from a network of their own', () => {
    const { clock, lockout } = createRig()
    let attempts = 0
    const networks = Array.from({ length: 1_000 }, (_, at) => `network ${at}`)
    for (const network of networks) attempts += attack(lockout, 'alice', network)
    // Ten networks use their attempts for nothing, the others have one.
    expect(attempts).toBe(50 + 990)
    expect(lockout.wait('alice', 'home')).toBe(0)
    lockout.begin('alice', 'home').succeeded()
    for (let hour = 0, before = attempts; hour < 3; hour++, before = attempts) {
      for (let minute = 0; minute < 60; minute++) {
        clock.advance(minutes)
        for (const network of networks) attempts += attack(lockout, 'alice', network)
        expect(lockout.wait('alice', 'home')).toBe(0)
      }
      // Four in an hour for each network once the waits have grown, where an unattacked account has as many from one alone.
      expect(attempts - before).toBeLessThanOrEqual(7_000)
    }
  })
})

test('threads that share the memory count together', () => {
  const clock = createManualClock(1_700_000_000_000)
  const memory = createAttemptMemory()
  const threads = Array.from({ length: 4 }, () => createLockout({ clock, memory, salt: 'salt' }))
  let attempts = 0
  for (const thread of threads) attempts += attack(thread, 'alice', 'a')
  expect(attempts).toBe(5)
  expect(threads.map((thread) => thread.wait('alice', 'a'))).toEqual([1, 1, 1, 1])
  clock.advance(seconds)
  threads[2]?.begin('alice', 'a').succeeded()
  for (const thread of threads) attempts += attack(thread, 'alice', 'a')
  expect(attempts).toBe(10)
})

test('a clock that is set back makes nobody wait for longer', () => {
  let now = 1_700_000_000_000
  const lockout = createLockout({ clock: { now: () => now }, salt: 'salt' })
  attack(lockout, 'alice', 'a')
  now -= 24 * 60 * minutes
  expect(lockout.wait('alice', 'a')).toBe(1)
  now += seconds
  expect(lockout.wait('alice', 'a')).toBe(0)
})

test('memory is bounded: old ones are forgotten for new ones', () => {
  const { lockout } = createRig()
  attack(lockout, 'alice', 'a')
  for (let at = 0; at < 400_000; at++) lockout.begin(`name${at}`, 'a')
  expect(lockout.wait('alice', 'a')).toBe(0)
})

test('a flood of attempts in which nothing was compared pushes out nothing', () => {
  const { lockout } = createRig()
  attack(lockout, 'admin', 'a')
  expect(lockout.wait('admin', 'a')).toBeGreaterThan(0)
  for (let at = 0; at < 25_000; at++) lockout.begin(`nobody${at}`, 'a').undone()
  expect(lockout.wait('admin', 'a')).toBeGreaterThan(0)
})
