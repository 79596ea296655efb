import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { clientKey } from '../request-limits.ts'

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

/** Ms between two lines of the log about connections that were refused. */
const quiet = 10_000

export function createConnectionLimits({ all = Infinity, perAddress = Infinity, logger, clock }: ConnectionLimitsDeps): ConnectionLimits {
  const own = new Map<string, number>()
  let sum = 0
  let unlogged = 0
  let lastLogged = -quiet

  function refuse(limit: string, address?: string): false {
    unlogged++
    if (clock.monotonic() - lastLogged >= quiet) {
      logger.warn('too many connections: some are closed', { limit, address, refused: unlogged, open: sum })
      lastLogged = clock.monotonic()
      unlogged = 0
    }
    return false
  }

  function enter(): boolean {
    if (sum >= all) return refuse('limits.connections')
    sum++
    return true
  }

  function enterAs(address: string): boolean {
    const key = clientKey(address)
    const count = own.get(key) ?? 0
    if (count >= perAddress) return refuse('limits.connections_per_address', address)
    own.set(key, count + 1)
    return true
  }

  function leave(address: string | undefined): void {
    sum--
    if (address === undefined) return
    const key = clientKey(address)
    const count = own.get(key) ?? 0
    if (count > 1) own.set(key, count - 1)
    else own.delete(key)
  }

  return Object.freeze({ enter, enterAs, leave })
}
