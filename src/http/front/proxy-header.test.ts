import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseProxyHeader } from './proxy-header.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const line = (text: string): Buffer => Buffer.from(text, 'latin1')

function binary(command: number, family: number, block: Buffer, size = block.length): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt8(command, 0)
  head.writeUInt8(family, 1)
  head.writeUInt16BE(size, 2)
  return Buffer.concat([signature, head, block])
}

const ports = 'c000 01bb'
const four = hex(`cb007107 c0000201 ${ports}`)
const six = hex(`20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002 ${ports}`)
const mapped = hex(`00000000 00000000 0000ffff cb007107 00000000 00000000 0000ffff c0000201 ${ports}`)
/** ALPN h2, and 300 bytes of a type of somebody's own. */
const additions = Buffer.concat([hex('01 0002 6832'), hex('e0 012c'), Buffer.alloc(300, 7)])
const unix = Buffer.alloc(216, 'a')

const good: [name: string, header: Buffer, address: string | undefined][] = [
  ['version 1, IPv4', line('PROXY TCP4 203.0.113.7 192.0.2.1 49152 443\r\n'), '203.0.113.7'],
  ['version 1, IPv6', line('PROXY TCP6 2001:DB8::1 2001:db8::2 49152 443\r\n'), '2001:db8::1'],
  ['version 1, the longest there is', line(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`), `${'ffff:'.repeat(7)}ffff`],
  ['version 1, unknown', line('PROXY UNKNOWN\r\n'), undefined],
  ['version 1, unknown with more', line('PROXY UNKNOWN whatever it says 1 2\r\n'), undefined],
  ['version 2, IPv4', binary(0x21, 0x11, four), '203.0.113.7'],
  ['version 2, IPv6', binary(0x21, 0x21, six), '2001:db8::1'],
  ['version 2, IPv4 in IPv6', binary(0x21, 0x21, mapped), '203.0.113.7'],
  ['version 2, IPv4 with additions', binary(0x21, 0x11, Buffer.concat([four, additions])), '203.0.113.7'],
  ['version 2, IPv6 with additions', binary(0x21, 0x21, Buffer.concat([six, additions])), '2001:db8::1'],
  ['version 2, local', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, local with addresses', binary(0x20, 0x11, four), undefined],
  ['version 2, of no family', binary(0x21, 0x00, additions), undefined],
  ['version 2, from a socket of the system', binary(0x21, 0x31, unix), undefined],
]

test.each(good)('%s: whole at its last byte, unfinished before, and what follows is not touched', (_, header, address) => {
  for (let length = 0; length < header.length; length++) {
    expect(parseProxyHeader(header.subarray(0, length))).toEqual({ kind: 'unfinished' })
  }
  const whole = { kind: 'whole' as const, length: header.length, address }
  expect(parseProxyHeader(header)).toEqual(whole)
  for (const after of ['\x16\x03\x01', 'GET / HTTP/1.1\r\n', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n']) {
    expect(parseProxyHeader(Buffer.concat([header, line(after)]))).toEqual(whole)
  }
})

test.each([
  ['TLS', line('\x16\x03\x01')],
  ['HTTP', line('GET / HTTP/1.1\r\n')],
  ['a method of HTTP that begins the same', line('PROXIES / HTTP/1.1\r\n')],
  ['lower case', line('proxy TCP4 203.0.113.7 192.0.2.1 49152 443\r\n')],
  ['LF alone', line('PROXY TCP4 203.0.113.7 192.0.2.1 49152 443\n')],
  ['UNKNOWN and LF alone', line('PROXY UNKNOWN\n')],
  ['two spaces', line('PROXY TCP4  203.0.113.7 192.0.2.1 49152 443\r\n')],
  ['a name', line('PROXY TCP4 client.test 192.0.2.1 49152 443\r\n')],
  ['IPv6 as TCP4', line('PROXY TCP4 2001:db8::1 2001:db8::2 49152 443\r\n')],
  ['IPv4 as TCP6', line('PROXY TCP6 203.0.113.7 192.0.2.1 49152 443\r\n')],
  ['a zone', line('PROXY TCP6 fe80::1%eth0 fe80::2 49152 443\r\n')],
  ['a zone of the other end', line('PROXY TCP6 fe80::1 fe80::2%eth0 49152 443\r\n')],
  ['a port too large', line('PROXY TCP4 203.0.113.7 192.0.2.1 65536 443\r\n')],
  ['a missing port', line('PROXY TCP4 203.0.113.7 192.0.2.1 49152\r\n')],
  ['UDP', line('PROXY UDP4 203.0.113.7 192.0.2.1 49152 443\r\n')],
  ['a line without an end', line(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
  ['a line that ends too late', line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['version 1 in the form of version 2', binary(0x11, 0x11, four)],
  ['version 3', binary(0x31, 0x11, four)],
  ['an unknown command', binary(0x22, 0x11, four)],
  ['IPv4 with too little', binary(0x21, 0x11, four.subarray(0, 11))],
  ['IPv6 with the addresses of IPv4', binary(0x21, 0x21, four)],
  ['UDP in version 2', binary(0x21, 0x12, four)],
  ['an unknown family', binary(0x21, 0x41, six)],
  ['a block that is too long, before it is there', binary(0x21, 0x11, four, 4097)],
])('%s is malformed', (_, bytes) => {
  expect(parseProxyHeader(bytes).kind).toBe('malformed')
})

test('whatever comes, it says so within its bounds', () => {
  const seed = Number(process.env['BERTH_TEST_SEED'] ?? Date.now() % 2 ** 31)
  const starts = [Buffer.alloc(0), line('PROXY '), line('PROXY TCP4 '), signature, Buffer.concat([signature, hex('21 11')])]
  const hostile = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 5000 }))
  const property = fc.property(hostile, ([start, rest]) => {
    const bytes = Buffer.concat([start, rest])
    const found = parseProxyHeader(bytes)
    if (found.kind === 'unfinished') expect(bytes.length).toBeLessThan(16 + 4096)
    if (found.kind === 'whole') expect(found.length).toBeLessThanOrEqual(bytes.length)
  })
  fc.assert(property, { seed, numRuns: 500 })
})
