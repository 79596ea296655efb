import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { StorageError, type BlobStore } from '../../storage/index.ts'
import type { Check, Position } from './check.ts'
import { createChecks } from './checks.ts'
import { textOf } from './finding-texts.ts'
import type { Finding } from './finding.ts'
import { scrubPosition } from './integrity-store.ts'
import { createMarking } from './repair.ts'
import { keepScrubPosition } from './scrub-transactions.ts'

export interface ScrubberDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly logger: Logger
  /** Bytes read in a second. A row counts as a KiB. */
  readonly rate: number
}

/** The check of `berth fsck --deep`, made again and again beside a server that serves, as slowly as it is told to. */
export interface Scrubber {
  /**
   * Looks at one page, marks what is damaged, says so in the log, and answers how many ms later to come again. Where it is
   * outlives a restart. Fails with the database's or store's error, and with the signal's reason; then it is called again.
   */
  step(ended: AbortSignal): Promise<number>
  /** Keeps where it is; nothing may be under way. */
  close(): Promise<void>
}

/** A pass begins no sooner than this after the one before it began: a small registry is not read all day long. */
const passEvery = 24 * 3_600_000
/** Nobody waits longer without another look at the clock, which may have been set. */
const longestPause = 3_600_000
/** Between two looks at where it is kept: a write each. A kill loses that much of a pass. */
const keepEvery = 30_000
const bytesOfRow = 1024

interface State {
  readonly startedAt: number
  /** The name of the check under way; absent when the pass is over. */
  readonly check: string | undefined
  readonly after: Position | undefined
}

export function createScrubber(deps: ScrubberDeps): Scrubber {
  const { database, clock } = deps
  const pace = createPace(deps)
  let state: State | undefined
  let keptAt = clock.monotonic()

  const keep = async (): Promise<void> => {
    if (state === undefined) return
    keptAt = clock.monotonic()
    await database.transact(keepScrubPosition, { position: JSON.stringify(state) })
  }

  return Object.freeze<Scrubber>({
    step: async (ended) => {
      state ??= await readState(deps)
      if (state.check === undefined) {
        const pause = state.startedAt + passEvery - clock.now()
        // A clock that was set back must not put it off for long.
        if (pause > 0 && pause <= passEvery) return Math.min(pause, longestPause)
        state = firstState(clock)
      }
      const before = state
      state = await lookOn(deps, before, (bytes) => pace(bytes, ended), ended)
      if (state.check !== before.check || clock.monotonic() - keptAt >= keepEvery) await keep()
      return 0
    },
    close: keep,
  })
}

const firstState = (clock: Clock): State => ({ startedAt: clock.now(), check: 'objects', after: undefined })

async function readState({ database, clock }: ScrubberDeps): Promise<State> {
  const kept = await database.one(scrubPosition)
  return kept === undefined ? firstState(clock) : (JSON.parse(kept.value) as State)
}

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
