import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { createClientCounts } from '../client-counts.ts'
import { createRareWarning } from '../rare-warning.ts'

export interface ConnectionLimitsDeps {
  /** How many connections there may be, and how many of one address; no limit where there is none. */
  readonly all: number | undefined
  readonly perAddress: number | undefined
  readonly logger: Logger
  readonly clock: Clock
}

/** Counts connections. What is refused is closed without a word: before TLS nothing can be said, and a flood is not worth it. */
export interface ConnectionLimits {
  /** Takes a place among all, or answers false. */
  enter(): boolean
  /** Takes one among those of an address as well, as soon as it is known, or answers false. */
  enterAs(address: string): boolean
  /** Gives up both. @param address absent when `enterAs` did not answer true */
  leave(address: string | undefined): void
}

export function createConnectionLimits({ all = Infinity, perAddress = Infinity, logger, clock }: ConnectionLimitsDeps): ConnectionLimits {
  const clients = createClientCounts(perAddress)
  const warn = createRareWarning('too many connections: some are closed', { logger, clock })
  let sum = 0

  function refuse(limit: string, address?: string): false {
    warn((times) => ({ limit, address, refused: times, open: sum }))
    return false
  }

  function enter(): boolean {
    if (sum >= all) return refuse('limits.connections')
    sum++
    return true
  }

  function enterAs(address: string): boolean {
    return clients.enter(address) || refuse('limits.connections_per_address', address)
  }

  function leave(address: string | undefined): void {
    sum--
    if (address !== undefined) clients.leave(address)
  }

  return Object.freeze({ enter, enterAs, leave })
}
