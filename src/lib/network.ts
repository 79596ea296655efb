import { BlockList, isIP, isIPv6 } from 'node:net'

/** An IP network; a single address has the longest prefix there is. */
export interface Network {
  readonly address: string
  /** Bits that count, from the left. */
  readonly prefix: number
}

/** Some IP addresses. */
export interface AddressSet {
  /** `address` as `parseIpAddress` writes it; anything else is not in the set. */
  has(address: string): boolean
}

const mapped = '::ffff:'

/**
 * Reads one IP address and writes it in lower case. An IPv4 address inside of IPv6, as sockets open to both families give it, is
 * written as the IPv4 address that it is. Absent for anything else, also for an address with a zone, which means something on one
 * machine only.
 */
export function parseIpAddress(text: string): string | undefined {
  if (text.length > 45) return undefined
  const address = text.toLowerCase()
  const inner = address.startsWith(mapped) ? address.slice(mapped.length) : address
  if (isIP(inner) === 4) return inner
  return isIP(address) === 6 && !address.includes('%') ? address : undefined
}

/** Reads networks such as `10.0.0.0/8` and single addresses, divided by commas. Absent when one of them is neither. */
export function parseNetworks(text: string): readonly Network[] | undefined {
  const networks = text.split(',').map((item) => parseNetwork(item.trim()))
  return networks.includes(undefined) ? undefined : (networks as Network[])
}

function parseNetwork(text: string): Network | undefined {
  const [, host = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = parseIpAddress(host)
  // A prefix behind an IPv4 address that was written as IPv6 would count other bits than it says.
  if (address === undefined || (digits !== undefined && address.length < host.length)) return undefined
  const longest = isIP(address) === 4 ? 32 : 128
  const prefix = digits === undefined ? longest : Number(digits)
  return prefix <= longest ? { address, prefix } : undefined
}

/** @param networks of which none is malformed */
export function createAddressSet(networks: readonly Network[]): AddressSet {
  const list = new BlockList()
  for (const { address, prefix } of networks) list.addSubnet(address, prefix, familyOf(address))
  return Object.freeze({ has: (address: string) => isIP(address) !== 0 && list.check(address, familyOf(address)) })
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/** Writes the host as it stands in an address or a URL: IPv6 in brackets. */
export function formatHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
