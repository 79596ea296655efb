import type { CommanderError } from 'commander'
import type { MessageKey, Say } from './messages.ts'

const texts = new Map<string, MessageKey>([
  ['commander.unknownOption', 'usage.unknown-flag'],
  ['commander.unknownCommand', 'usage.unknown-command'],
  ['commander.optionMissingArgument', 'usage.missing-value'],
  ['commander.missingMandatoryOptionValue', 'usage.required'],
  ['commander.missingArgument', 'usage.required'],
  ['commander.excessArguments', 'usage.too-many'],
])

/** Says in the user's language what commander found wrong with the command line. It names the culprit in quotes. */
export function describeUsage(error: CommanderError, say: Say): string {
  const name = /'([^']*)'/.exec(error.message)?.[1]
  const suggestion = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(error.message)?.[1]
  const text = texts.get(error.code)
  const what = text === undefined || name === undefined ? say('usage.other', { reason: error.message }) : say(text, { name })
  return `berth: ${what}${suggestion === undefined ? '' : say('nearest', { nearest: suggestion })}\n${say('usage.see')}\n`
}
