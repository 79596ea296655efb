import { type Language, placeOf, type Problem } from '../config/index.ts'
import { problemKey, type Say } from './messages.ts'

/** Every mistake of the configuration on a line that begins with its place: `berth.yaml:3: ...`. */
export function describeProblems(problems: readonly Problem[], say: Say, language: Language): string {
  const lines = problems.map((problem) => line(problem, describe(problem, say, language)))
  return `${lines.join('')}${say('problem.count', { count: String(problems.length) })}\n`
}

/** Every warning on such a line. */
export function describeWarnings(warnings: readonly Problem[], say: Say, language: Language): string {
  return warnings.map((warning) => line(warning, say('warning', { text: describe(warning, say, language) }))).join('')
}

function line({ source }: Problem, text: string): string {
  const place = placeOf(source)
  return `${place === undefined ? '' : `${place}: `}${text}\n`
}

function describe({ code, values, text }: Problem, say: Say, language: Language): string {
  const { nearest = '' } = values
  const filled = text === undefined ? values : { ...values, text: (language === 'en' ? text.en : text.zh).replaceAll('`', '') }
  return say(problemKey(code), filled) + (nearest === '' ? '' : say('nearest', { nearest }))
}
