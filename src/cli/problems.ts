import { placeOf, type Problem } from '../config/index.ts'
import { problemKey, type Say } from './messages.ts'

/** Every mistake of the configuration on a line that begins with its place: `berth.yaml:3: ...`. */
export function describeProblems(problems: readonly Problem[], say: Say): string {
  const lines = problems.map((problem) => {
    const place = placeOf(problem.source)
    return `${place === undefined ? '' : `${place}: `}${describe(problem, say)}\n`
  })
  return `${lines.join('')}${say('problem.count', { count: String(problems.length) })}\n`
}

function describe({ code, values }: Problem, say: Say): string {
  const { nearest = '' } = values
  return say(problemKey(code), values) + (nearest === '' ? '' : say('nearest', { nearest }))
}
