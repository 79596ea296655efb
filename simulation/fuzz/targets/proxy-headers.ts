import { isIP } from 'node:net'
import { parseProxyHeader } from '../../../src/http/parsers.testing.ts'
import type { Target } from '../target.ts'
import { latin, must } from './must.ts'

const signature = '\r\n\r\n\0\r\nQUIT\n'
const unfinished = 'unfinished'
const malformed = 'malformed'

/** Where the header ends and whom it names, in the shape of `sixteen`; or that there is none, or not all of it yet. */
type Expected = typeof unfinished | typeof malformed | { readonly length: number; readonly address: string | undefined }

/** proxy-protocol.txt, sections 2.1 and 2.2, on text with a character for each byte. */
function expectedHeader(text: string): Expected {
  const begins = (start: string) => start.startsWith(text.slice(0, start.length))
  if (begins(signature)) return expectedBinary(text)
  return begins('PROXY ') ? expectedLine(text) : malformed
}

function expectedLine(text: string): Expected {
  const end = text.slice(0, 107).indexOf('\n')
  if (end === -1) return text.length < 107 ? unfinished : malformed
  const line = text.slice(0, end)
  if (!line.endsWith('\r') || line.indexOf('\r') !== end - 1) return malformed
  const [, family, from = '', to = '', ...ports] = line.slice(0, -1).split(' ')
  if (family === 'UNKNOWN') return { length: end + 1, address: undefined }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined
  const isAddress = (part: string) => isIP(part) === version && !part.includes('%')
  const isPort = (part: string) => part.length >= 1 && part.length <= 5 && !/[^0-9]/.test(part) && Number(part) < 65_536
  const whole = ports.length === 2 && isAddress(from) && isAddress(to) && ports.every(isPort)
  return whole ? { length: end + 1, address: sixteen(from) } : malformed
}

function expectedBinary(text: string): Expected {
  if (text.length < 16) return unfinished
  const [command = 0, family = 0, high = 0, low = 0] = Buffer.from(text.slice(12, 16), 'latin1')
  const size = high * 256 + low
  if ((command !== 0x20 && command !== 0x21) || size > 4096) return malformed
  if (text.length < 16 + size) return unfinished
  const length = 16 + size
  if (command === 0x20 || family === 0 || family === 0x31) return { length, address: undefined }
  const hex = Buffer.from(text.slice(16, length), 'latin1').toString('hex')
  if (family === 0x11 && size >= 12) return { length, address: `${mappedStart}${hex.slice(0, 8)}` }
  return family === 0x21 && size >= 36 ? { length, address: hex.slice(0, 32) } : malformed
}

const mappedStart = `${'0'.repeat(20)}ffff`

/** An address as the 32 hexadecimal digits of IPv6; one of IPv4 stands inside of it. */
function sixteen(address: string): string {
  const last = address.slice(address.lastIndexOf(':') + 1)
  const quad = last.includes('.') ? Buffer.from(last.split('.').map(Number)).toString('hex') : undefined
  if (isIP(address) === 4) return `${mappedStart}${quad}`
  const groups = quad === undefined ? address : `${address.slice(0, -last.length)}${quad.slice(0, 4)}:${quad.slice(4)}`
  const [front = '', back] = groups.split('::').map((half) => half.split(':').filter((group) => group !== '').map((group) => group.padStart(4, '0')).join(''))
  return (back === undefined ? front : front.padEnd(32 - back.length, '0') + back).toLowerCase()
}

const binary = (command: number, family: number, block: string) =>
  `${signature}${String.fromCharCode(command, family, 0, block.length)}${block}`

export const proxyHeaders: readonly Target[] = [
  {
    name: 'proxy-header',
    seeds: [
      'PROXY TCP4 203.0.113.7 192.0.2.1 49152 443\r\n\x16\x03\x01',
      'PROXY TCP6 2001:DB8::1 ::ffff:1.2.3.4 49152 65535\r\n',
      'PROXY TCP6 ::ffff:1.2.3.4 :: 0 1\r\n',
      'PROXY TCP4 203.0.113.7 192.0.2.1 49152\r\n',
      'PROXY UNKNOWN\r\n',
      'PROXY UNKNOWN a b c 1 2\r\nGET / HTTP/1.1\r\n',
      `PROXY UNKNOWN ${'x'.repeat(93)}`,
      'GET / HTTP/1.1\r\n',
      signature,
      binary(0x21, 0x11, 'abcdefghijkl'),
      binary(0x21, 0x21, 'abcdefghijklmnopqrstuvwxyz0123456789'),
      binary(0x20, 0x00, ''),
      binary(0x21, 0x31, 'a'.repeat(127)),
      binary(0x21, 0x11, 'short'),
      `${signature}\x21\x11\x10\x01`,
    ],
    words: ['PROXY ', 'TCP4 ', 'TCP6 ', 'UNKNOWN', '\r\n', signature, '::', '::ffff:', '127.0.0.1', '%eth0', ' 65535', ' 65536'],
    run(input) {
      const bytes = Buffer.from(input)
      const header = parseProxyHeader(bytes)
      const address = header.kind === 'whole' ? header.address : undefined
      must(address === undefined || isIP(address) !== 0, 'a client has no address', latin(input), header)
      const read = header.kind === 'whole' ? { length: header.length, address: address && sixteen(address) } : header.kind
      const expected = expectedHeader(latin(input))
      must(JSON.stringify(read) === JSON.stringify(expected), 'a PROXY header is read otherwise than by its text', latin(input), header, expected)
      if (header.kind !== 'whole') return
      must(header.length <= bytes.length, 'a header is longer than what came', latin(input), header)
      // As it comes in pieces: nothing is decided before its last byte, and what follows is not for it.
      for (const length of [0, header.length >> 1, header.length - 1]) {
        must(parseProxyHeader(bytes.subarray(0, length)).kind === unfinished, 'a header ends before its end', latin(input), length)
      }
      must(
        JSON.stringify(parseProxyHeader(bytes.subarray(0, header.length))) === JSON.stringify(header),
        'what follows a header changes it',
        latin(input),
        header,
      )
    },
  },
]
