import { describe, expect, test } from 'bun:test'
import { parseNetworks } from '../lib/index.ts'
import { createClientOf, type ForwardedHeader } from './client-address.ts'

const trusted = parseNetworks('10.0.0.0/8, 2001:db8:1::/48') ?? []
const proxy = '10.0.0.1'

function addressOf(header: ForwardedHeader, value: string | undefined, peer = proxy): string {
  const headers = new Headers(value === undefined ? {} : { [header]: value })
  return createClientOf({ trusted, header })(peer, headers).address
}

describe('X-Forwarded-For', () => {
  test.each([
    ['one hop', '192.0.2.7', '192.0.2.7'],
    ['past trusted hops', '192.0.2.7, 10.1.1.1 ,10.2.2.2', '192.0.2.7'],
    ['what stands before the first that is not trusted is its own claim', '198.51.100.1, 127.0.0.1, 192.0.2.7', '192.0.2.7'],
    ['also a trusted address there', '10.9.9.9, 192.0.2.7, 10.1.1.1', '192.0.2.7'],
    ['all hops trusted: the first of them', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['a port', '192.0.2.7:4711', '192.0.2.7'],
    ['IPv6', '2001:DB8::7', '2001:db8::7'],
    ['IPv6 in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['IPv6 with a port', '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv4 inside of IPv6', '::ffff:192.0.2.7', '192.0.2.7'],
    ['a trusted hop of IPv6', '192.0.2.7, [2001:db8:1::5]:80', '192.0.2.7'],
    ['no whitespace', '192.0.2.7,10.1.1.1', '192.0.2.7'],
    ['tabs', '192.0.2.7\t,\t10.1.1.1', '192.0.2.7'],
    ['nothing', '', proxy],
    ['only a comma', ',', proxy],
    ['a proxy that says unknown is the last one known', '192.0.2.7, unknown', proxy],
    ['and so is one that hides', '192.0.2.7, _hidden, 10.1.1.1', '10.1.1.1'],
    ['garbage', '192.0.2.7, 10.1.1.1, x y', proxy],
    ['an open quote of the client', '", 192.0.2.7', '192.0.2.7'],
    ['an open bracket of the client', '[, 192.0.2.7', '192.0.2.7'],
    ['a zone', 'fe80::1%eth0', proxy],
    ['a number that resolvers would take', '3221225991', proxy],
    ['octets with zeros', '192.0.02.007', proxy],
    ['what would break out of a line of the log', '192.0.2.7","level":"fatal', proxy],
  ])('%s', (_, value, address) => {
    expect(addressOf('x-forwarded-for', value)).toBe(address)
  })

  test('several headers are one list', () => {
    const headers = new Headers()
    for (const hop of ['198.51.100.1', '192.0.2.7', '10.1.1.1']) headers.append('x-forwarded-for', hop)
    expect(createClientOf({ trusted, header: 'x-forwarded-for' })(proxy, headers).address).toBe('192.0.2.7')
  })
})

describe('Forwarded', () => {
  test.each([
    ['one hop', 'for=192.0.2.7', '192.0.2.7'],
    ['with more about it', 'proto=https;For=192.0.2.7; by=_proxy;host="a.test"', '192.0.2.7'],
    ['quoted, with a port', 'for="192.0.2.7:4711"', '192.0.2.7'],
    ['IPv6', 'for="[2001:db8::7]:4711"', '2001:db8::7'],
    ['IPv6 without a port', 'for="[2001:db8::7]"', '2001:db8::7'],
    ['an obfuscated port', 'for="192.0.2.7:_x"', '192.0.2.7'],
    ['past trusted hops', 'for=198.51.100.1, for=192.0.2.7;proto=http, for="[2001:db8:1::2]";by="a,b;c"', '192.0.2.7'],
    ['hidden', 'for=192.0.2.7, for=_hidden', proxy],
    ['unknown', 'for=192.0.2.7, for=unknown', proxy],
    ['without for', 'for=192.0.2.7, proto=https', proxy],
    ['an open quote of the client', 'for=", for=192.0.2.7', '192.0.2.7'],
    ['an open quote before quotes of the proxy', 'for="1.1.1.1, for="192.0.2.7:1";by=_b', '192.0.2.7'],
    ['a host that the client made up', 'host="x;for=198.51.100.1;y=";for=192.0.2.7', '192.0.2.7'],
    ['the same with escapes', String.raw`for=192.0.2.7;host="x\", for=198.51.100.1;y=\"z\""`, proxy],
    ['the form of the other header', '192.0.2.7', proxy],
    ['garbage', 'for=192.0.2.7;;=', proxy],
  ])('%s', (_, value, address) => {
    expect(addressOf('forwarded', value)).toBe(address)
  })
})

test('nobody but a trusted peer is believed, and only in the header that is meant', () => {
  for (const peer of ['192.0.2.99', '127.0.0.1', '2001:db8:2::1', '']) {
    expect(addressOf('x-forwarded-for', '198.51.100.1', peer)).toBe(peer)
  }
  const both = new Headers({ forwarded: 'for=198.51.100.1', 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '198.51.100.2' })
  expect(createClientOf({ trusted, header: 'x-forwarded-for' })(proxy, both).address).toBe('192.0.2.7')
  expect(createClientOf({ trusted, header: 'forwarded' })(proxy, new Headers({ 'x-forwarded-for': '192.0.2.7' })).address).toBe(proxy)
})

test('without trust no header is read', () => {
  const untouchable = new Proxy(new Headers(), {
    get() {
      throw new Error('a header was read')
    },
  })
  const header = 'x-forwarded-for'
  expect(createClientOf({ trusted: [], header })(proxy, untouchable)).toEqual({ address: proxy, proxyId: undefined, secure: undefined })
  expect(createClientOf({ trusted, header })('192.0.2.7', untouchable)).toEqual({ address: '192.0.2.7', proxyId: undefined, secure: undefined })
})

test('a peer is the same over a socket for both families', () => {
  expect(addressOf('x-forwarded-for', '192.0.2.7', '::ffff:10.0.0.1')).toBe('192.0.2.7')
  expect(addressOf('x-forwarded-for', undefined, '::ffff:192.0.2.8')).toBe('192.0.2.8')
  expect(createClientOf({ trusted: [], header: 'forwarded' })('::ffff:192.0.2.8', new Headers()).address).toBe('192.0.2.8')
})

test('a list of any length costs no more than its last hops', () => {
  const hops = Array.from({ length: 4_000 }, (_, hop) => `10.${hop >> 8}.${hop & 255}.1`)
  expect(addressOf('x-forwarded-for', hops.join(', '))).toBe(hops.at(-32) ?? '')
  expect(addressOf('x-forwarded-for', `${'x'.repeat(48_000)}, 192.0.2.7`)).toBe('192.0.2.7')
  for (const long of ['x', '"', 'for="', ',', '1', '[', ' ']) {
    for (const header of ['x-forwarded-for', 'forwarded'] as const) {
      const started = performance.now()
      for (let round = 0; round < 100; round++) expect(addressOf(header, `${long.repeat(48_000 / long.length)}z`)).toBe(proxy)
      // The square of the length would be minutes.
      expect(performance.now() - started).toBeLessThan(10_000)
    }
  }
})

test('any address that comes out is one', () => {
  const pieces = ['10.0.0.2', '192.0.2.7', '::1', '[', ']', '"', '\\', ',', ';', 'for=', ':', '%', ' ', '_a', 'unknown', '\t', '=']
  let seed = 1
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647)
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: next() % 12 }, () => pieces[next() % pieces.length]).join('')
    for (const header of ['x-forwarded-for', 'forwarded'] as const) {
      const address = addressOf(header, text)
      if (!/^[\da-f.:]+$/.test(address)) throw new Error(`${JSON.stringify(text)} gave ${JSON.stringify(address)}`)
    }
  }
})

test.each([
  ['7d3f0c9e-1b2a-4c5d-8e9f-0a1b2c3d4e5f', true],
  ['1-67a92466-4b6aa15a05ffcd4c510de968', true],
  ['Root=1-67a92466;Self=2', false],
  ['a'.repeat(128), true],
  ['a'.repeat(129), false],
  ['', false],
  ['a b', false],
  ['a"b', false],
  ['a, b', false],
  ['\x7f', false],
])('the id %j that a trusted proxy gave is taken: %p', (id, taken) => {
  const clientOf = createClientOf({ trusted, header: 'x-forwarded-for' })
  expect(clientOf(proxy, new Headers({ 'x-request-id': id })).proxyId).toBe(taken ? id : undefined)
  expect(clientOf('192.0.2.7', new Headers({ 'x-request-id': id })).proxyId).toBeUndefined()
})

test('that the client speaks TLS is believed of a trusted proxy alone', () => {
  const proxies = parseNetworks('10.0.0.0/8') ?? []
  const said = (header: ForwardedHeader, headers: Record<string, string>, peer = '10.0.0.1') =>
    createClientOf({ trusted: proxies, header })(peer, new Headers(headers)).secure
  expect(said('x-forwarded-for', { 'x-forwarded-proto': 'https' })).toBe(true)
  expect(said('x-forwarded-for', { 'x-forwarded-proto': 'HTTPS, http' })).toBe(true)
  expect(said('x-forwarded-for', { 'x-forwarded-proto': 'http' })).toBe(false)
  expect(said('x-forwarded-for', { 'x-forwarded-proto': 'https://evil' })).toBeUndefined()
  expect(said('x-forwarded-for', { forwarded: 'for=1.2.3.4;proto=https' })).toBeUndefined()
  expect(said('forwarded', { forwarded: 'for=1.2.3.4;proto=https' })).toBe(true)
  expect(said('forwarded', { forwarded: 'proto="http";for=1.2.3.4, proto=https' })).toBe(false)
  expect(said('forwarded', { 'x-forwarded-proto': 'https' })).toBeUndefined()
  expect(said('x-forwarded-for', { 'x-forwarded-proto': 'https' }, '192.0.2.7')).toBeUndefined()
})
