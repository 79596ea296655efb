import { expect, test } from 'bun:test'
import { createCredentialReader } from './credentials.ts'

const basic = (user: string, secret: string): string => `Basic ${btoa(`${user}:${secret}`)}`

test('the same header is the same object, and no other one is', () => {
  const read = createCredentialReader()
  const first = read(basic('alice', 'secret'))
  expect(first).toEqual({ kind: 'basic', user: 'alice', secret: 'secret' })
  expect(read(basic('alice', 'other'))).toEqual({ kind: 'basic', user: 'alice', secret: 'other' })
  expect(read(basic('alice', 'secret'))).toBe(first)
  expect(read('Bearer abc')).toBe(read('Bearer abc'))
  expect(read('Bearer abd')).toEqual({ kind: 'bearer', token: 'abd' })
  expect(read(null)).toEqual({ kind: 'none' })
})

test('a hundred headers are remembered, and nothing malformed', () => {
  const read = createCredentialReader()
  const first = read(basic('user0', 'secret'))
  expect(read('Basic !')).not.toBe(read('Basic !'))
  for (let at = 1; at < 100; at++) read(basic(`user${at}`, 'secret'))
  expect(read(basic('user0', 'secret'))).toBe(first)
  for (let at = 100; at < 200; at++) read(basic(`user${at}`, 'secret'))
  const again = read(basic('user0', 'secret'))
  expect(again).not.toBe(first)
  expect(again).toEqual(first)
})
