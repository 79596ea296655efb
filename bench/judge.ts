import { type GoalResult, type PartResult, spread } from './results.ts'
import type { Figure, Goal, Medians } from './workloads/index.ts'

const figures: readonly Figure[] = ['cpuMicros', 'rate', 'p50', 'p99', 'peakBytes', 'restBytes', 'leftBytes']

/** The goals that can be judged by what was measured. */
export function judge(goals: readonly Goal[], parts: readonly PartResult[]): GoalResult[] {
  const medians = new Map(parts.map((part) => [part.name, mediansOf(part)]))
  return goals.flatMap(({ text, kind, limit, unit, figure: figureOf }) => {
    const figure = figureOf((name) => medians.get(name) ?? {})
    if (figure === undefined) return []
    return { text, kind, limit, unit, figure, met: kind === 'at most' ? figure <= limit : figure >= limit }
  })
}

function mediansOf({ measurements }: PartResult): Medians {
  const measured = measurements.filter(({ samples }) => samples.length > 0)
  return Object.fromEntries(
    measured.map((one) => [
      one.system,
      Object.fromEntries(figures.map((figure) => [figure, spread(one, figure).median])) as Record<Figure, number>,
    ]),
  )
}
