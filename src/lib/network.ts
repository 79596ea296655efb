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

/**
 * Reads one IP address and writes it in lower case. An IPv4 address inside of IPv6, as sockets open to both families give it, is
 * written as the IPv4 address that it is. Absent for anything else, also for an address with a zone, which means something on one
 * machine only.
 */
export function parseIpAddress(text: string): string | undefined {
  if (text.length > 45) return undefined
  const address = text.toLowerCase()
  const family = isIP(address)
  if (family === 4) return address
  return family === 6 && !address.includes('%') ? (mappedIpv4(groupsOf(address)) ?? address) : undefined
}

/**
 * Whose addresses count as one client's: an IPv4 address, or the first half of an IPv6 address, since whoever has one of those has the
 * 2^64 of its network (RFC 4291, section 2.5.1) and could come from another one each time. Every spelling of an address gives the
 * same text. What is no address is a network of its own.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [plain = ''] = address.split('%', 1)
  if (!isIPv6(plain)) return address
  const groups = groupsOf(plain)
  return mappedIpv4(groups) ?? groups.slice(0, 4).map(hex).join(':')
}

/** The eight numbers of an IPv6 address, however it is spelled. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = address.split('::').map(numbersOf)
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function numbersOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

/** RFC 4291, section 2.5.5.2. */
function mappedIpv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6)
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : undefined
}

function hex(group: number): string {
  return group.toString(16)
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
  if (address === undefined || (digits !== undefined && isIP(address) !== isIP(host))) return undefined
  const longest = isIP(address) === 4 ? 32 : 128
  const prefix = digits === undefined ? longest : Number(digits)
  return prefix <= longest ? { address, prefix } : undefined
}

/** @param networks of which none is malformed */
export function createAddressSet(networks: readonly Network[]): AddressSet {
  const list = new BlockList()
  for (const { address, prefix } of networks) list.addSubnet(address, prefix, familyOf(address))
  const look = (address: string): boolean => isIP(address) !== 0 && list.check(address, familyOf(address))
  // Of one client's many requests each asks the same, and a look costs as much as the rest of a decision.
  let last = { address: '', found: false }
  return Object.freeze({
    has: (address: string) => {
      if (address !== last.address) last = { address, found: look(address) }
      return last.found
    },
  })
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/** Writes the host as it stands in an address or a URL: IPv6 in brackets. */
export function formatHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
