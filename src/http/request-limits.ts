import type { Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import { createClientCounts } from './client-counts.ts'
import { createRareWarning } from './rare-warning.ts'
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

export function createRequestLimits({ limits, requestMetrics, logger, clock }: RequestLimitsDeps): RequestLimits {
  const { requests, requests_per_address: perAddress } = limits
  const clients = createClientCounts(perAddress)
  const warn = createRareWarning('too many requests at once: some are answered with 429 or 503', { logger, clock })
  let sum = 0

  function enter(address: string): 'address' | 'all' | undefined {
    if (sum >= requests) return 'all'
    if (!clients.enter(address)) return 'address'
    sum++
    return undefined
  }

  function leave(address: string): void {
    clients.leave(address)
    sum--
  }

  function shed(overload: Overload, address?: string): RegistryError {
    requestMetrics.shed(overload)
    const unlogged = warn((times) => ({ overload, address, requests: times, underWay: sum }))
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
