import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createCredentialReader } from './credentials.ts'

const basic = (user: string, secret: string): string => `Basic ${btoa(`${user}:${secret}`)}`

function createRig() {
  const [clock, ending] = [createManualClock(), new AbortController()]
  return { clock, ending, read: createCredentialReader({ clock, ending: ending.signal }) }
}

test('the same header is the same object, and no other one is', () => {
  const { read } = createRig()
  const first = read(basic('alice', 'secret'))
  expect(first).toEqual({ kind: 'basic', user: 'alice', secret: 'secret' })
  expect(read(basic('alice', 'other'))).toEqual({ kind: 'basic', user: 'alice', secret: 'other' })
  expect(read(basic('alice', 'secret'))).toBe(first)
  expect(read('Bearer abc')).toBe(read('Bearer abc'))
  expect(read('Bearer abd')).toEqual({ kind: 'bearer', token: 'abd' })
  expect(read(null)).toEqual({ kind: 'none' })
})

test('a hundred headers are remembered, and nothing malformed', () => {
  const { read } = createRig()
  const first = read(basic('user0', 'secret'))
  expect(read('Basic !')).not.toBe(read('Basic !'))
  for (let at = 1; at < 100; at++) read(basic(`user${at}`, 'secret'))
  expect(read(basic('user0', 'secret'))).toBe(first)
  for (let at = 100; at < 200; at++) read(basic(`user${at}`, 'secret'))
  const again = read(basic('user0', 'secret'))
  expect(again).not.toBe(first)
  expect(again).toEqual(first)
})

test('no header is remembered for longer than a minute, however quiet it is, and none while the process ends', async () => {
  const { clock, ending, read } = createRig()
  for (let minute = 0; minute < 3; minute++) {
    const first = read('Bearer abc')
    clock.advance(59_999)
    const second = read('Bearer abd')
    await Promise.resolve()
    expect(read('Bearer abc')).toBe(first)
    clock.advance(1)
    // What wakes up has a few steps to go.
    for (let step = 0; step < 10; step++) await Promise.resolve()
    expect(read('Bearer abd')).not.toBe(second)
    expect(read('Bearer abc')).not.toBe(first)
    clock.advance(60_000)
    for (let step = 0; step < 10; step++) await Promise.resolve()
  }
  const last = read('Bearer abc')
  ending.abort()
  for (let step = 0; step < 10; step++) await Promise.resolve()
  expect(read('Bearer abc')).not.toBe(last)
  expect(read('Bearer abc')).not.toBe(read('Bearer abc'))
})
