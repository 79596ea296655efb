import type { Reads } from '../database/index.ts'
import { eventAt, eventsAmong, eventsFrom, horizon, startingEvent, youngest, type EventRow } from './event-store.ts'

/** Up to where the events were read: all up to this one, which is named by its operation too. `seq` 0: none yet. */
export interface FeedPosition {
  readonly seq: number
  /** Tells this event from another one of the same number, after an older copy of the database was put back. */
  readonly operation: string
}

/** An event as its readers get it. */
export interface FeedEvent {
  readonly kind: string
  readonly repositoryId: number | undefined
  readonly keys: Readonly<Record<string, unknown>>
}

/** Reads every event once, and some of them again after a restart. */
export interface EventFeed {
  /** What the next process has to begin with so that it misses nothing. */
  position(): FeedPosition
  /** All events that this moment shows and that were not read yet, by pages. */
  read(moment: Reads): AsyncGenerator<readonly FeedEvent[]>
}

const pageSize = 500
/** Numbers waited for at once. Each belongs to a transaction that runs or was rolled back. */
const mostGaps = 10_000

/**
 * On PostgreSQL a sequence number is taken before its transaction commits, so an event can appear below others that were read.
 * Each number that is missing is therefore remembered, and the position stays below it, until the event appears or every
 * transaction has ended that was running when it was first missed: then it was rolled back. A transaction writes its event
 * after its other rows, so it is known to be running by the time it takes the number.
 */
export function createEventFeed(from: FeedPosition): EventFeed {
  let settled = from
  let newest = from
  /** Missing numbers, ascending, each with a transaction that is later than the one that took it. */
  const gaps = new Map<number, number>()
  /** Events read above the settled position, ascending: where it can move when gaps close. */
  let above: FeedPosition[] = []

  function notice(row: EventRow, missed: number[]): FeedEvent {
    for (let seq = newest.seq + 1; seq < row.seq; seq++) missed.push(seq)
    newest = { seq: row.seq, operation: row.operation_id }
    above.push(newest)
    return eventOf(row)
  }

  /** Moves the position up to the first gap that may still be filled. */
  function settle(): void {
    const firstGap = gaps.keys().next().value ?? Infinity
    const passed = above.findLastIndex(({ seq }) => seq < firstGap)
    settled = above[passed] ?? settled
    above = above.slice(passed + 1)
  }

  return Object.freeze<EventFeed>({
    position: () => settled,
    async *read(moment) {
      const missed: number[] = []
      const late = gaps.size === 0 ? [] : await closeGaps(moment, gaps)
      if (late.length > 0) yield late.map(eventOf)
      for (;;) {
        const rows = await moment.all(eventsFrom, newest.seq, pageSize)
        if (rows.length > 0) yield rows.map((row) => notice(row, missed))
        const count = gaps.size + missed.length
        if (count > mostGaps) throw new Error(`${count} numbers of events are missing: a transaction has been running for too long`)
        if (rows.length < pageSize) break
      }
      if (missed.length > 0) {
        const { next = 0 } = (await moment.one(youngest)) ?? {}
        for (const seq of missed) gaps.set(seq, next)
      }
      settle()
    },
  })
}

/** The events that appeared in gaps. Those, and the numbers that will never be used, are gaps no longer. */
async function closeGaps(moment: Reads, gaps: Map<number, number>): Promise<EventRow[]> {
  const { oldest = 0 } = (await moment.one(horizon)) ?? {}
  const late = await moment.all(eventsAmong, JSON.stringify([...gaps.keys()]))
  for (const { seq } of late) gaps.delete(seq)
  for (const [seq, began] of gaps) if (oldest >= began) gaps.delete(seq)
  return late
}

/** Where a reader begins that learns what this moment shows in another way. */
export async function startingPosition(moment: Reads): Promise<FeedPosition> {
  const row = await moment.one(startingEvent)
  return row === undefined ? beginning : { seq: row.seq, operation: row.operation_id }
}

/** Whether the event at a position is the one that was read there: not so in a database with another past. */
export async function isPositionOf(moment: Reads, { seq, operation }: FeedPosition): Promise<boolean> {
  return seq === 0 || (await moment.one(eventAt, seq))?.operation_id === operation
}

const beginning: FeedPosition = Object.freeze({ seq: 0, operation: '' })

function eventOf({ kind, repository_id: repositoryId, keys }: EventRow): FeedEvent {
  return { kind, repositoryId: repositoryId ?? undefined, keys: JSON.parse(keys) as Readonly<Record<string, unknown>> }
}
