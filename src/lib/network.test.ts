import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createAddressSet, formatHost, networkOf, parseIpAddress, parseNetworks } from './network.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:DB8::1', '2001:db8::1'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['::fffe:192.0.2.7', '::fffe:192.0.2.7'],
  ['::1', '::1'],
])('%j is the address %j', (text, address) => {
  expect(parseIpAddress(text)).toBe(address)
})

const noAddresses = ['', ' ', '192.0.2', '192.0.2.256', '192.0.02.1', '192.0.2.7 ', '[::1]', 'fe80::1%eth0', '::ffff:::1', '1::2::3', '1:2:3:4::5:6:7:8', '1:2:3:4:5:6:7', '0x7f.1', 'localhost', '::ffff:']
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

const noNetworks = ['', ',', '10.0.0.0/8,', '10.0.0.0/33', '::/129', '10/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '::ffff:10.0.0.0/104', '::ffff:a00:0/104', 'fe80::%1/64', 'proxy', '10.0.0.0 10.0.0.1']
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

describe('the network of a client', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:C000:0207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:0DB8::1', '2001:db8:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['1:2:3:4:5:6:7::', '1:2:3:4'],
    ['::2:3:4:5:6:7:8', '0:2:3:4'],
    ['::', '0:0:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
    ['1:2:3', '1:2:3'],
    ['', ''],
  ])('of %j is %j', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  const eight = fc.array(group, { minLength: 8, maxLength: 8 })
  const mapped = fc.tuple(group, group).map((end) => [0, 0, 0, 0, 0, 0xffff, ...end])
  /** How an address is written; `from` and `length` are the groups that `::` stands for, as far as they are zeros. */
  const spelling = fc.record({ upper: fc.boolean(), padded: fc.boolean(), quad: fc.boolean(), from: fc.nat(7), length: fc.nat(8) })
  type Spelling = typeof spelling extends fc.Arbitrary<infer Value> ? Value : never

  test('is one for every spelling of an address', () => {
    fc.assert(
      fc.property(fc.oneof(eight, mapped), spelling, spelling, (address, one, other) => {
        const [first, second] = [spell(address, one), spell(address, other)]
        expect([first, second, networkOf(first)]).toEqual([first, second, networkOf(second)])
        expect(networkOf(parseIpAddress(first) ?? 'no address')).toBe(networkOf(first))
      }),
    )
  })

  test('is another one for every other first half', () => {
    fc.assert(
      fc.property(eight, eight, spelling, (one, other, as) => {
        fc.pre(one.slice(0, 4).join() !== other.slice(0, 4).join())
        expect(networkOf(spell(one, as))).not.toBe(networkOf(spell(other, as)))
      }),
    )
  })

  function spell(address: readonly number[], { upper, padded, quad, from, length }: Spelling): string {
    const [high = 0, low = 0] = address.slice(6)
    const plain = quad ? address.slice(0, 6) : address
    const parts = plain.map((value) => value.toString(16).padStart(padded ? 4 : 1, '0'))
    if (quad) parts.push([high >> 8, high & 255, low >> 8, low & 255].join('.'))
    const left = [...plain.slice(from, from + length), 1].findIndex((value) => value !== 0)
    const text = left === 0 ? parts.join(':') : `${parts.slice(0, from).join(':')}::${parts.slice(from + left).join(':')}`
    return upper ? text.toUpperCase() : text
  }
})
