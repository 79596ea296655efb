import type { Outcome } from '../checks/run-check.ts'

/** What docker-registry 2.8.2 does otherwise than the checks ask for. */
export interface Difference {
  readonly checks: readonly string[]
  readonly outcome: Outcome
  readonly does: string
  /** Why the specification allows that, or where the fault is known. */
  readonly why: string
}

export const differences: readonly Difference[] = [
  {
    checks: ['mounts/anonymous-sha256'],
    outcome: 'not supported',
    does: 'begins an upload when a mount names no repository',
    why: 'the specification leaves it to the registry whether it looks for the blob elsewhere',
  },
  {
    checks: ['mounts/known-sha512', 'mounts/anonymous-sha512', 'mounts/missing-sha512'],
    outcome: 'failed',
    does: 'stores a blob pushed by its sha512 digest under sha256, names that in its answer, and fails with 500 when asked for the first',
    why: 'a fault: 2.8 links blobs by one algorithm only',
  },
]

/** The outcome that is known of a check. */
export function knownOutcome(check: string): Outcome {
  return differences.find(({ checks }) => checks.includes(check))?.outcome ?? 'passed'
}
