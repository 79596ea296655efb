import type { Arena } from './arena.ts'
import type { Ending, Task } from './contender.ts'
import { dependent, dependentInTime, type Dependent } from './dependence.ts'
import { explore, type Explored } from './exploration.ts'
import type { Sight } from './ground.ts'
import { runSchedule, type Decide, type Result, type Run, type Taken } from './schedule.ts'

/** Two tasks, the rows they meet on, and what is to be said of each outcome. */
export interface Contest {
  /** SQL that makes the rows. */
  readonly rows: string
  readonly tasks: readonly [Task, Task]
  /** Complaints. */
  readonly judge: (result: Result, sight: Sight) => Iterable<string>
  /** Whether `judge` looks at which of them was acknowledged first. */
  readonly inTime: boolean
  /** Parts of the result that may differ from both serial ones: `endings`, or tables. */
  readonly tolerated: readonly string[]
}

/** What came of two tasks meeting in every order of their statements. */
export interface Encounter extends Explored {
  /** Schedules in which one had to wait for the other. */
  readonly waited: number
  /** Schedules in which each waited for the other, so that one had to give way. */
  readonly deadlocks: number
  /** Different results: how both ended, and the rows. */
  readonly results: ReadonlySet<string>
  /** Complaints, each with the first schedule that gave rise to it. */
  readonly faults: ReadonlyMap<string, string>
}

/**
 * Lets two tasks meet in every order of their statements, and checks after each that nothing is broken and that the result is
 * one that either serial order gives too.
 */
export async function meet(
  arena: Arena,
  contest: Contest,
  depends: Dependent = contest.inTime ? dependentInTime : dependent,
): Promise<Encounter> {
  const count = { waited: 0, deadlocks: 0 }
  const faults = new Map<string, string>()
  const summarize = summaries(contest.tolerated)
  /** Of each result the first schedule that gave it. */
  const first = new Map<string, Finished>()
  const explored = await explore(async (decide) => {
    const run = await perform(arena, contest, decide)
    if (run.result === undefined) return run
    const sight = await arena.look()
    const summary = summarize(run.result, sight)
    if (!first.has(summary)) first.set(summary, { taken: run.taken, result: run.result })
    if (run.taken.some(({ waited }) => waited)) count.waited++
    if (run.result.victim !== undefined) count.deadlocks++
    for (const complaint of contest.judge(run.result, sight)) {
      if (!faults.has(complaint)) faults.set(complaint, drawing(run.taken, run.result))
    }
    return run
  }, depends)
  const serial = await serialResults(arena, contest, [...first.keys()], summarize)
  for (const [summary, { taken, result }] of first) {
    if (!serial.has(summary)) faults.set(`what no serial order gives: ${differences(summary, serial)}`, drawing(taken, result))
  }
  return { ...explored, ...count, results: new Set(first.keys()), faults }
}

interface Finished extends Pick<Run, 'taken'> {
  readonly result: Result
}

async function perform(arena: Arena, { rows, tasks }: Contest, decide: Decide): Promise<Run> {
  await arena.prepare(rows)
  return await runSchedule(arena.sides, tasks, arena.observer, arena.footprints, decide)
}

/**
 * What the two serial orders give. The first schedule that is explored is one of them: side 0 goes on in it for as long as it
 * can. The other one is run only where there is a second result to compare with it.
 */
async function serialResults(
  arena: Arena,
  contest: Contest,
  [first = '', ...others]: readonly string[],
  summarize: Summarize,
): Promise<Set<string>> {
  if (others.length === 0) return new Set([first])
  const { result } = await perform(arena, contest, ({ open }) => (open.includes(1) ? 1 : open[0]))
  if (result === undefined) throw new Error('a serial order was given up')
  return new Set([first, summarize(result, await arena.look())])
}

type Summary = Record<string, unknown>

type Summarize = (result: Result, sight: Sight) => string

/** Most schedules end as another one did: then nothing has to be read. */
function summaries(tolerated: readonly string[]): Summarize {
  const known = new Map<string, string>()
  return ({ endings }, { state }) => {
    const ends = endings.map(plain)
    const key = JSON.stringify([ends, state])
    const found = known.get(key) ?? summaryOf(ends, state, tolerated)
    known.set(key, found)
    return found
  }
}

function summaryOf(endings: readonly unknown[], state: string, tolerated: readonly string[]): string {
  const parts = Object.entries({ endings, ...(JSON.parse(state) as Summary) })
  return withoutNewIds(JSON.stringify(Object.fromEntries(parts.filter(([part]) => !tolerated.includes(part)))))
}

/** Ids of new rows come from a sequence; those that are there from the start are smaller. */
function withoutNewIds(summary: string): string {
  return summary.replace(/(\\*"(?:project|account|subject_id|group|robot|token|trash|repository|repository_id|id)\\*":)\d{4,}/g, '$1"new"')
}

function plain(ending: Ending): unknown {
  if (!('outcome' in ending)) return { error: String(ending.error) }
  if (!('ok' in ending.outcome)) return ending.outcome
  const { ok } = ending.outcome
  // The id of a new row is only a number.
  return { ok: typeof ok === 'object' && ok !== null && 'id' in ok ? { ...ok, id: undefined } : ok }
}

function differences(summary: string, serial: Iterable<string>): string {
  const got = JSON.parse(summary) as Summary
  const fromEach = [...serial].map((text) => {
    const expected = JSON.parse(text) as Summary
    const parts = Object.keys(got).filter((part) => JSON.stringify(got[part]) !== JSON.stringify(expected[part]))
    return parts.map((part) => `${part} ${JSON.stringify(got[part])} for ${JSON.stringify(expected[part])}`).join(', ')
  })
  return fromEach.join('; or ')
}

/** The schedule as two columns. */
function drawing(taken: readonly Taken[], { endings }: Result): string {
  const lines = taken.map(({ side, step, waited }) => {
    const text = step.text.replace(/\s+/g, ' ').trim().slice(0, 100)
    return `${side === 0 ? '' : ' '.repeat(24)}${side}: ${text}${waited ? '   (waits)' : ''}`
  })
  return [...lines, ...endings.map((ending, side) => `${side} ended with ${JSON.stringify(plain(ending))}`)].join('\n')
}
