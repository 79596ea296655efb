import { createClient, type Target } from '../oci/client.ts'
import type { Exchange } from '../oci/exchange.ts'
import { NotApplicable, NotSupported, type Check, type Group, type GroupName } from './check.ts'
import { type Level } from './level.ts'

export type Outcome = 'passed' | 'failed' | 'not supported' | 'not applicable'

export interface Result {
  /** `group/id` */
  readonly check: string
  readonly group: GroupName
  readonly level: Level
  readonly rule: string
  readonly section: string
  readonly outcome: Outcome
  /** Why it did not pass, in one or a few lines. */
  readonly reason?: string
  /** What was said, the last thing last, when the check failed. */
  readonly exchanges?: readonly Exchange[]
}

/** So many of the last exchanges are kept: a failure shows in the last one, what led to it in those before. */
const keptExchanges = 8
const patience = 60_000

/** Runs a check against a registry with a client of its own. Never throws: what went wrong is in the result. */
export async function runCheck(group: Group, check: Check, target: Target): Promise<Result> {
  const exchanges: Exchange[] = []
  const record = (exchange: Exchange): void => {
    exchanges.push(exchange)
    if (exchanges.length > keptExchanges) exchanges.shift()
  }
  const { level, rule } = check
  const about = { check: `${group.id}/${check.id}`, group: group.name, level, rule, section: group.section }
  try {
    await inTime((signal) => check.run(createClient({ ...target, record, signal })))
    return { ...about, outcome: 'passed' }
  } catch (error) {
    const reason = plain(error instanceof Error ? error.message : String(error))
    if (error instanceof NotSupported) return { ...about, outcome: 'not supported', reason }
    if (error instanceof NotApplicable) return { ...about, outcome: 'not applicable', reason }
    return { ...about, outcome: 'failed', reason, exchanges }
  }
}

async function inTime(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  let timer: Timer | undefined
  const controller = new AbortController()
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no end after ${patience / 1000} s`))
      controller.abort()
    }, patience)
  })
  try {
    await Promise.race([run(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Without the colours of a terminal, and not endless. */
function plain(text: string): string {
  const words = text.replace(/\p{Cc}\[[0-9;]*m/gu, '').trim()
  return words.length > 1500 ? `${words.slice(0, 1500)}…` : words
}
