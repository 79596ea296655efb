import type { JobRun } from './index.ts'

/** A run that nobody cancels, of which only what `parts` name is watched. */
export function testRun<Payload>(payload: Payload, parts: Partial<JobRun<Payload>> = {}): JobRun<Payload> {
  return {
    payload,
    token: { job: 1, claim: 'here' },
    signal: new AbortController().signal,
    position: undefined,
    report: () => undefined,
    log: () => undefined,
    keep: () => undefined,
    ...parts,
  }
}
