import { expect, test } from 'bun:test'
import { createAddressSet, formatHost, parseIpAddress, parseNetworks } from './network.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:DB8::1', '2001:db8::1'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '::ffff:c000:207'],
  ['::1', '::1'],
])('%j is the address %j', (text, address) => {
  expect(parseIpAddress(text)).toBe(address)
})

const noAddresses = ['', ' ', '192.0.2', '192.0.2.256', '192.0.02.1', '192.0.2.7 ', '[::1]', 'fe80::1%eth0', '::ffff:::1', '1::2::3', '0x7f.1', 'localhost', '::ffff:']
test.each(noAddresses)('%j is no address', (text) => {
  expect(parseIpAddress(text)).toBeUndefined()
})

test('a very long text is no address', () => {
  expect(parseIpAddress('0:'.repeat(10_000))).toBeUndefined()
})

test.each([
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '10.1.2.3'], ['9.255.255.255', '11.0.0.0', '2001:db8::1', '::a00:1']],
  ['10.1.2.3/8', ['10.200.0.1'], ['11.0.0.0']],
  ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
  ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127', '192.0.3.128']],
  ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::1', '2001:db9::', '32.1.13.184']],
  [' 10.0.0.0/8 , 2001:DB8::1 ,192.0.2.1/32', ['10.0.0.1', '2001:db8::1', '2001:db8:0:0::1', '192.0.2.1'], ['192.0.2.2', '2001:db8::2']],
  ['::ffff:192.0.2.7', ['192.0.2.7'], ['192.0.2.8']],
  ['0.0.0.0/0', ['255.255.255.255', '0.0.0.0'], ['::1']],
])('the networks %j', (text, inside, outside) => {
  const set = createAddressSet(parseNetworks(text) ?? [])
  expect(inside.map((address) => [address, set.has(address)])).toEqual(inside.map((address) => [address, true]))
  expect(outside.map((address) => [address, set.has(address)])).toEqual(outside.map((address) => [address, false]))
})

const noNetworks = ['', ',', '10.0.0.0/8,', '10.0.0.0/33', '::/129', '10/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '::ffff:10.0.0.0/104', 'fe80::%1/64', 'proxy', '10.0.0.0 10.0.0.1']
test.each(noNetworks)('%j are no networks', (text) => {
  expect(parseNetworks(text)).toBeUndefined()
})

test('what is no address is in no set', () => {
  const set = createAddressSet(parseNetworks('0.0.0.0/0,::/0') ?? [])
  expect(['', 'unknown', '1.2.3', '::1'].map((address) => set.has(address))).toEqual([false, false, false, true])
  expect(createAddressSet([]).has('127.0.0.1')).toBe(false)
})

test('an IPv6 host stands in brackets', () => {
  expect([formatHost('::1'), formatHost('127.0.0.1'), formatHost('localhost')]).toEqual(['[::1]', '127.0.0.1', 'localhost'])
})
