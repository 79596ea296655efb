import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** Where to listen. `host` is a name or an IP address without brackets; `port` 0 lets the system choose a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Reads `HOST:PORT`, an IPv6 address in brackets and without a zone, which no URL can name. Absent when `text` is not that. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]{2,64})\]|([^:[\]]{1,253})):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, bracketed, bare = '', digits] = match
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (bracketed !== undefined) return isIPv6(bracketed) && !bracketed.includes('%') ? { host: bracketed, port } : undefined
  return isIPv4(bare) || isHostName(bare) ? { host: bare.toLowerCase(), port } : undefined
}

/** True when only this machine can reach the host: 127.0.0.0/8, ::1 and `localhost`. A name that must be looked up is not. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return host === 'localhost'
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * A last label of digits only (`0`, `127.1`, `10.0.0.256`) is a number that resolvers read in ways of their own: refused.
 * So is a name that no URL can have: clients could not be told where to go (Bun refuses a few that the standard allows).
 */
function isHostName(text: string): boolean {
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(text)) return false
  return !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(text) && URL.canParse(`http://${text}/`)
}
