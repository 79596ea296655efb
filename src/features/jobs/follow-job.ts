import { Problem, sign, type StreamEvent } from '../../api/index.ts'
import type { Job, JobLine, Jobs } from '../../jobs/index.ts'
import type { Clock } from '../../lib/index.ts'

export interface FollowDeps {
  readonly jobs: Jobs
  readonly clock: Clock
  /** Aborted when the process is about to end: streams end, and clients come to another one. */
  readonly ending: AbortSignal
}

type Events = AsyncIterableIterator<StreamEvent | typeof sign>

/** What a stream shows of jobs and lines, as the other routes do. */
export interface Shown {
  readonly job: (job: Job) => Promise<unknown>
  readonly line: (line: JobLine) => unknown
}

const lookEvery = 1_000
const signEvery = 10_000
/** A client that goes on says what it has seen: so no stream is forgotten here for ever. */
const longest = 600_000
const linesAtOnce = 200
const mostStreams = 256
const mostOfOne = 16

/** What is asked for, and by whom. */
export interface Following {
  readonly id: number
  /** The number of the last line that was seen. */
  readonly after: number
  readonly who: string
  /** Asked before each look, and before what is handed out later than that. The stream ends once it is not so. */
  readonly stillAllowed: () => Promise<boolean>
}

/** Streams of how jobs come along, a bounded number of them, in all and for each who asks. */
export interface Followers {
  /** First how the job is, then each line of its log and each change. The event `end` is the last one. @throws Problem `too-many-streams` */
  follow(following: Following): Events
}

export function createFollowers(deps: FollowDeps, shown: Shown): Followers {
  const open = new Map<string, number>()
  let all = 0
  return Object.freeze<Followers>({
    follow: (following) => {
      const { who } = following
      const own = open.get(who) ?? 0
      if (all >= mostStreams || own >= mostOfOne) {
        throw new Problem({ code: 'too-many-streams', status: 429 }, { detail: 'too many streams are open already: end some of them first', headers: { 'retry-after': '5' } })
      }
      all++
      open.set(who, own + 1)
      return ending(follow(deps, shown, following), () => {
        all--
        const left = (open.get(who) ?? 1) - 1
        if (left === 0) open.delete(who)
        else open.set(who, left)
      })
    },
  })
}

async function* follow({ jobs, clock, ending: ends }: FollowDeps, shown: Shown, following: Following): AsyncGenerator<StreamEvent | typeof sign> {
  const { id, after } = following
  const allowed = createCheck(following, clock)
  const until = clock.monotonic() + longest
  let seen = after
  let last = ''
  let said = clock.monotonic()
  while (!ends.aborted && clock.monotonic() < until) {
    if (!(await allowed())) return
    // The job before its log: what it logged until its end is then in it.
    const job = await jobs.find(id)
    if (job === undefined) return
    const data = await shown.job(job)
    for (const line of await jobs.lines(id, seen, linesAtOnce)) {
      if (!(await allowed())) return
      seen = line.number
      yield { id: String(seen), event: 'line', data: shown.line(line) }
    }
    if (!(await allowed())) return
    const ended = job.finishedAt !== undefined
    const text = JSON.stringify(data)
    if (ended || text !== last) {
      last = text
      said = clock.monotonic()
      yield { id: String(seen), event: ended ? 'end' : 'job', data }
    } else if (clock.monotonic() - said >= signEvery) {
      said = clock.monotonic()
      yield sign
    }
    if (ended) return
    await clock.sleep(lookEvery, ends).catch(() => undefined)
  }
}

/** The attacker: one who lost the right and reads slowly what was looked up before. So it is asked by time, not only by looks. */
function createCheck({ stillAllowed }: Following, clock: Clock): () => Promise<boolean> {
  let asked = clock.monotonic()
  return async () => {
    if (clock.monotonic() - asked < lookEvery) return true
    asked = clock.monotonic()
    return await stillAllowed()
  }
}

/** A generator that was never begun does not run its `finally`: so what is to happen at the end is done here, once. */
function ending(events: AsyncGenerator<StreamEvent | typeof sign>, end: () => void): Events {
  let ended = false
  const finish = (): void => {
    if (!ended) end()
    ended = true
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const result = await events.next()
        if (result.done === true) finish()
        return result
      } catch (error) {
        finish()
        throw error
      }
    },
    async return() {
      finish()
      return await events.return(undefined)
    },
  }
}
