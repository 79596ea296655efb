import { isIPv4, isIPv6 } from 'node:net'
import { parseIpAddress } from '../../lib/index.ts'

/**
 * What a connection begins with when a proxy says who calls (haproxy.org, proxy-protocol.txt, versions 1 and 2). `address` is
 * absent when the proxy speaks for itself, as in its health checks, or does not know.
 */
export type ProxyHeader =
  | { readonly kind: 'whole'; readonly length: number; readonly address: string | undefined }
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'malformed'; readonly reason: string }

/** The longest line of version 1, its end included. */
const longestLine = 107
/** Of version 2, behind its fixed part: addresses take up to 216 bytes, the rest is for what proxies add. */
const longestBlock = 4096

const lineStart = Buffer.from('PROXY ')
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n')

/** Reads the header at the beginning of `bytes`, which may hold less of it, or more than it. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsLike(bytes, signature)) return bytes.length < 16 ? unfinished : parseBinary(bytes)
  if (beginsLike(bytes, lineStart)) return parseLine(bytes)
  return malformed('no PROXY header')
}

function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function parseLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestLine).indexOf('\n')
  if (end === -1) return bytes.length < longestLine ? unfinished : malformed('a line of more than 107 bytes')
  const line = bytes.toString('latin1', 0, end + 1)
  const length = end + 1
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) return { kind: 'whole', length, address: undefined }
  const [, family, from = '', to = '', ...ports] = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line) ?? []
  // Without a zone: it means something on one machine only.
  const isAddress = (text: string): boolean => (family === '4' ? isIPv4(text) : isIPv6(text)) && parseIpAddress(text) !== undefined
  const address = parseIpAddress(from)
  const whole = family !== undefined && isAddress(from) && isAddress(to) && ports.every((port) => Number(port) <= 65_535)
  return whole && address !== undefined ? { kind: 'whole', length, address } : malformed('a line that is no PROXY header')
}

/** The two lowest bits of a family, and its transport: those of a connection over TCP. */
const [tcp4, tcp6] = [0x11, 0x21]

function parseBinary(bytes: Buffer): ProxyHeader {
  const [command, family, size] = [bytes.readUInt8(12), bytes.readUInt8(13), bytes.readUInt16BE(14)]
  if (command !== 0x20 && command !== 0x21) return malformed('another version, or an unknown command')
  if (size > longestBlock) return malformed(`a header of more than ${longestBlock} bytes`)
  const length = 16 + size
  if (bytes.length < length) return unfinished
  // LOCAL, and what was not sent over TCP at all.
  if (command === 0x20 || family === 0x00 || family === 0x31) return { kind: 'whole', length, address: undefined }
  const block = bytes.subarray(16, length)
  if (family === tcp4 && size >= 12) return { kind: 'whole', length, address: [...block.subarray(0, 4)].join('.') }
  if (family === tcp6 && size >= 36) return { kind: 'whole', length, address: writeIPv6(block.subarray(0, 16)) }
  return malformed('an unknown family, or less than its addresses')
}

const mappedStart = Buffer.from('00000000000000000000ffff', 'hex')

function writeIPv6(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(mappedStart)) return [...bytes.subarray(12)].join('.')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16))
  // As everybody writes it: the longest run of zeros left out.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

const unfinished: ProxyHeader = { kind: 'unfinished' }

function malformed(reason: string): ProxyHeader {
  return { kind: 'malformed', reason }
}
