import type { Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import type { Overload, RequestMetrics } from './request-metrics.ts'

export interface RequestLimitsDeps {
  /** How many requests may be under way at once, and how many of one address. */
  readonly limits: { readonly requests: number; readonly requests_per_address: number }
  readonly requestMetrics: RequestMetrics
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Bounds what is worked on at once. A request is under way from its head to the head of its answer, a body that comes in included.
 * What still goes out after that is the kernel's work, and Bun does not say when it has ended.
 */
export interface RequestLimits {
  /** Takes a place for a request from this address, to be left with `leave`; or takes none, and says why. */
  enter(address: string): 'address' | 'all' | undefined
  leave(address: string): void
  /** Counts a request that is not served, and says so in the log now and then. Answers with what the client is told. */
  shed(overload: Overload, address?: string): RegistryError
}

/** Ms between two lines of the log about requests that were not served: under a flood the log must not be the next one. */
const quiet = 10_000

export function createRequestLimits({ limits, requestMetrics, logger, clock }: RequestLimitsDeps): RequestLimits {
  const { requests, requests_per_address: perAddress } = limits
  const underWay = new Map<string, number>()
  let sum = 0
  let unlogged = 0
  let lastLogged = -quiet

  function enter(address: string): 'address' | 'all' | undefined {
    if (sum >= requests) return 'all'
    const key = clientKey(address)
    const own = underWay.get(key) ?? 0
    if (own >= perAddress) return 'address'
    underWay.set(key, own + 1)
    sum++
    return undefined
  }

  function leave(address: string): void {
    const key = clientKey(address)
    const own = underWay.get(key) ?? 0
    if (own > 1) underWay.set(key, own - 1)
    else underWay.delete(key)
    sum--
  }

  function shed(overload: Overload, address?: string): RegistryError {
    requestMetrics.shed(overload)
    unlogged++
    if (clock.monotonic() - lastLogged >= quiet) {
      logger.warn('too many requests at once: some are answered with 429 or 503', { overload, address, requests: unlogged, underWay: sum })
      lastLogged = clock.monotonic()
      unlogged = 0
    }
    // Not all of them are to come back at the same moment.
    const headers = { 'retry-after': String(2 + (unlogged % 4)) }
    return new RegistryError(overload === 'all' ? 'UNAVAILABLE' : 'TOOMANYREQUESTS', { message: messages[overload], headers })
  }

  return Object.freeze({ enter, leave, shed })
}

const messages: Readonly<Record<Overload, string>> = {
  address: 'this address has too many requests under way; wait a little and try again',
  all: 'the registry has as many requests under way as it takes; wait a little and try again',
  manifests: 'too many large manifests are being pushed just now; wait a little and try again',
}

/**
 * Who counts as one client. Whoever has one IPv6 address has the 2^64 of its network (RFC 4291, section 2.5.1), and could come
 * from another one each time.
 */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address
  const mapped = address.lastIndexOf(':') + 1
  if (address.includes('.', mapped)) return address.slice(mapped)
  const [front = '', back] = address.split('::')
  const groups = front === '' ? [] : front.split(':')
  if (back !== undefined) {
    const behind = back === '' ? 0 : back.split(':').length
    while (groups.length < 8 - behind) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}
