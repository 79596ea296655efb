import { ServerProblem, Unreachable } from '../../client/index.ts'
import type { MessageKey, Say } from '../messages.ts'
import { oneLine } from './one-line.ts'
import { JobUndone } from './watch-job.ts'

/** What was typed cannot be meant. */
export class UsageFault extends Error {
  readonly key: MessageKey
  readonly values: Readonly<Record<string, string>>

  constructor(key: MessageKey, values: Readonly<Record<string, string>>) {
    super(key)
    this.name = 'UsageFault'
    this.key = key
    this.values = values
  }
}

/** What the shell is told: see the guide, "Exit codes". */
export const exitCodes = Object.freeze({ done: 0, failed: 1, usage: 2, absent: 3, refused: 4, conflict: 5, unreachable: 7 })

const byStatus: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  401: exitCodes.refused,
  403: exitCodes.refused,
  404: exitCodes.absent,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  422: exitCodes.usage,
  429: exitCodes.refused,
  503: exitCodes.unreachable,
}

/** What went wrong, for a person, and the exit code for it. Anything that is neither the server's nor the network's is a fault of ours. */
export function describeFailure(error: unknown, origin: string, say: Say): { readonly text: string; readonly code: number } {
  if (error instanceof UsageFault) return { text: `berth: ${say(error.key, error.values)}\n`, code: exitCodes.usage }
  if (error instanceof ServerProblem) {
    // Where one fault is the whole story, it is told once, with its place.
    const whole = error.errors.find(({ message }) => message === error.message)
    const title = whole === undefined ? error.message : `${whole.at}: ${whole.message}`
    const details = error.errors.filter((each) => each !== whole).map(({ at, message }) => `\n  ${oneLine(`${at}: ${message}`)}`).join('')
    const hint = error.status === 401 ? `\n${say('remote.log-in', { server: origin })}` : ''
    return { text: `berth: ${oneLine(title)}${details}${hint}\n`, code: byStatus[error.status] ?? exitCodes.failed }
  }
  if (error instanceof JobUndone) return { text: `berth: ${say('jobs.undone', { job: error.job.id, reason: oneLine(error.message) })}\n`, code: exitCodes.failed }
  if (error instanceof Unreachable) {
    return { text: `berth: ${say('remote.unreachable', { server: origin, reason: oneLine(error.message) })}\n`, code: exitCodes.unreachable }
  }
  throw error
}
