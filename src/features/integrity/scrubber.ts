import type { Database } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { StorageError, type BlobStore } from '../../storage/index.ts'
import type { Check, Position } from './check.ts'
import { createChecks } from './checks.ts'
import { textOf } from './finding-texts.ts'
import type { Finding } from './finding.ts'
import { createMarking } from './repair.ts'
import type { ScrubTurnTaken } from './scrub-transactions.ts'
import { createScrubTurns, type ScrubTurns } from './scrub-turn.ts'

export interface ScrubberDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** Bytes read in a second. A row counts as a KiB. */
  readonly rate: number
}

/**
 * The check of `berth fsck --deep`, made again and again beside a server that serves, as slowly as it is told to. Of several
 * servers on one database one makes it at a time; when that one ends, or is killed, another goes on.
 */
export interface Scrubber {
  /**
   * Looks at one page, marks what is damaged, says so in the log, and answers how many ms later to come again. Where it is
   * outlives a restart. Fails with the database's or store's error, and with the signal's reason; then it is called again.
   */
  step(ended: AbortSignal): Promise<number>
  /** Keeps where it is, and leaves its turn to others; nothing may be under way. */
  close(): Promise<void>
}

/** A pass begins no sooner than this after the one before it began: a small registry is not read all day long. */
const passEvery = 24 * 3_600_000
/** Nobody waits longer without another look at the clock, which may have been set. */
const longestPause = 3_600_000
const bytesOfRow = 1024

interface State {
  readonly startedAt: number
  /** The name of the check under way; absent when the pass is over. */
  readonly check: string | undefined
  readonly after: Position | undefined
}

export function createScrubber(deps: ScrubberDeps): Scrubber {
  const { clock } = deps
  const turns = createScrubTurns(deps)
  const pace = createPace(deps)
  /** Absent while it is not this one's turn. */
  let state: State | undefined

  const keep = async (over: boolean): Promise<void> => {
    const { mine } = await turns.take(state, over)
    if (!mine || over) state = undefined
  }
  const keepPace = async (bytes: number, ended: AbortSignal): Promise<void> => {
    if (turns.isDue) await keep(false)
    await pace(bytes, ended)
  }

  return Object.freeze<Scrubber>({
    step: async (ended) => {
      if (state === undefined) {
        const begun = await begin(turns, clock)
        if (typeof begun === 'number') return Math.min(begun, longestPause)
        state = begun
      }
      const before = state
      const after = await lookOn(deps, before, (bytes) => keepPace(bytes, ended), ended)
      // This process stood still for so long that another one goes on.
      if (state !== before) return 0
      state = after
      if (after.check !== before.check) await keep(after.check === undefined)
      return 0
    },
    close: async () => {
      if (state !== undefined) await keep(true)
    },
  })
}

/** Takes the turn; or answers how many ms to wait for it, or for the next pass. */
async function begin(turns: ScrubTurns, clock: Clock): Promise<State | number> {
  // Mostly there is nothing to do, and that is not worth a write.
  const seen = stateOf(await turns.look(), clock)
  if (typeof seen === 'number') return seen
  const state = stateOf(await turns.take(undefined), clock)
  // Another one has made the pass in between.
  if (typeof state === 'number') await turns.take(undefined, true)
  return state
}

/** Where to go on, or how many ms to wait. */
function stateOf(turn: ScrubTurnTaken, clock: Clock): State | number {
  if (!turn.mine) return turn.wait
  const state = turn.position as State | undefined
  if (state?.check !== undefined) return state
  const pause = state === undefined ? 0 : state.startedAt + passEvery - clock.now()
  // A clock that was set back must not put it off for long.
  return pause > 0 && pause <= passEvery ? pause : firstState(clock)
}

const firstState = (clock: Clock): State => ({ startedAt: clock.now(), check: 'objects', after: undefined })

/** One page of the check under way. SQLite's own look at its file holds up everybody: it is left to `berth fsck`. */
async function lookOn(deps: ScrubberDeps, state: State, pace: (bytes: number) => Promise<void>, ended: AbortSignal): Promise<State> {
  const { database, store, logger } = deps
  const checks = createChecks({ database, store, deep: true, pace, ended }).filter(({ name }) => name !== 'database')
  const position = checks.findIndex(({ name }) => name === state.check)
  const check = checks[position]
  // Kept by another version of the program.
  if (check === undefined) return firstState(deps.clock)
  let page
  try {
    page = await check.page(state.after)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    // A directory that can't be read: what comes after it has its turn.
    logger.error('the scrubber could not look at all that is stored', { check: check.name, error })
    return { ...state, check: checks[position + 1]?.name, after: undefined }
  }
  for (const found of page.findings) await report(deps, found)
  await pace(page.looked * bytesOfRow)
  if (page.next !== undefined) return { ...state, after: page.next }
  const following: Check | undefined = checks[position + 1]
  if (following === undefined) logger.info('the scrubber has looked at everything', { since: state.startedAt })
  return { ...state, check: following?.name, after: undefined }
}

async function report({ database, logger }: ScrubberDeps, found: Finding): Promise<void> {
  const { code, subject, detail, affected, more } = found
  const marked = await createMarking(database)(found)
  const { what, next } = textOf(code, 'en')
  const repositories = affected.map(({ repository, tags }) => ({ repository, tags }))
  logger.error(`the scrubber found that ${what}`, { code, ...subject, detail, repositories, more, marked, next })
}

/** Waits shorter than this, in ms, are put together. */
const shortestWait = 10
/** So much of an unused second may be caught up with. */
const longestDebt = 100

function createPace({ clock, rate }: ScrubberDeps): (bytes: number, ended: AbortSignal) => Promise<void> {
  let due = clock.monotonic()
  return async (bytes, ended) => {
    const now = clock.monotonic()
    due = Math.max(due, now - longestDebt) + (bytes / rate) * 1000
    if (due - now < shortestWait) return
    // Aborted: whoever reads on sees it.
    await clock.sleep(due - now, ended).catch(() => undefined)
  }
}
