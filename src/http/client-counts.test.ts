import { expect, test } from 'bun:test'
import { createClientCounts } from './client-counts.ts'

test('each client has as many under way as it may, and another one is not its matter', () => {
  const counts = createClientCounts(2)
  expect(['192.0.2.7', '192.0.2.7', '192.0.2.7', '192.0.2.8'].map((address) => counts.enter(address))).toEqual([true, true, false, true])
  counts.leave('192.0.2.7')
  expect(['192.0.2.7', '192.0.2.7'].map((address) => counts.enter(address))).toEqual([true, false])
})

test('all addresses of one IPv6 network are one client', () => {
  const counts = createClientCounts(2)
  expect(['2001:db8::1', '2001:db8::2', '2001:db8:0:0:9::3', '2001:db8:0:1::1'].map((address) => counts.enter(address))).toEqual([true, true, false, true])
  counts.leave('2001:db8::4')
  expect(counts.enter('2001:db8::5')).toBe(true)
})
