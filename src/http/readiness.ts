import type { Clock } from '../lib/index.ts'

/** Whether this process can answer requests now. */
export interface Readiness {
  /** What stands in the way, in words for an operator; empty when nothing does. Asks anew at most once a second. */
  reasons(): Promise<readonly string[]>
  /** From now on it is not: the process is ending. */
  drain(): void
}

export interface ReadinessOptions {
  /** Each fails when its part can't be used. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>
  readonly clock: Clock
}

/** Probes come from every load balancer, and `/readyz` is open to anybody: they share one answer for so long. */
const keptFor = 1_000
/** A part that does not answer within this time is as good as gone. */
const patience = 2_000

export function createReadiness({ checks, clock }: ReadinessOptions): Readiness {
  let draining = false
  let asked: { readonly at: number; readonly answer: Promise<readonly string[]> } | undefined

  async function reasons(): Promise<readonly string[]> {
    if (draining) return ['the process is ending']
    if (asked === undefined || clock.monotonic() - asked.at >= keptFor) asked = { at: clock.monotonic(), answer: ask() }
    return await asked.answer
  }

  async function ask(): Promise<readonly string[]> {
    const answers = await Promise.all(Object.entries(checks).map(([part, check]) => reasonOf(part, check, clock)))
    return answers.filter((reason) => reason !== undefined)
  }

  return Object.freeze({ reasons, drain: () => void (draining = true) })
}

async function reasonOf(part: string, check: () => Promise<unknown>, clock: Clock): Promise<string | undefined> {
  const done = new AbortController()
  const late = clock.sleep(patience, done.signal).then(
    () => `${part}: no answer within ${patience} ms`,
    () => undefined,
  )
  const checked = check().then(
    () => undefined,
    (error: unknown) => `${part}: ${error instanceof Error ? error.message : String(error)}`,
  )
  try {
    return await Promise.race([checked, late])
  } finally {
    done.abort()
  }
}
