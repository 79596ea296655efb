import { statement, transaction, type Tx } from '../../database/index.ts'

/** Where the scrubber is, and whose turn it is: a row that all servers on one database share. */
export interface ScrubTurn {
  /** What the one who had the turn kept; undefined at first. */
  readonly position?: unknown
  /** Who has the turn, until `until` in ms since the epoch. */
  readonly node: string
  readonly until: number
}

export interface ScrubTurnInput {
  readonly node: string
  /** Where it is, plain JSON, to keep the turn it has; undefined to take it and learn where the one before was. */
  readonly position: unknown
  /** It has had its turn. */
  readonly over: boolean
}

export type ScrubTurnTaken = { readonly mine: true; readonly position: unknown } | { readonly mine: false; readonly wait: number }

/** A turn that is not kept for so long, in ms, is over: its server was killed. */
export const turnLasts = 300_000

// Takes the row's lock whether it is there or not.
const lock = statement<{ value: string }>(`
  insert into meta (name, value) values ('scrub', '{}') on conflict (name) do update set value = meta.value returning value`)
const write = statement(`update meta set value = $1 where name = 'scrub'`)

/** Takes the turn to scrub, or keeps it with the position. Changes nothing when another one has it, or has had it since. */
export const takeScrubTurn = transaction('take scrub turn', async (tx: Tx, input: ScrubTurnInput): Promise<{ ok: ScrubTurnTaken }> => {
  const kept = readScrubTurn((await tx.one(lock))?.value)
  const wait = waitForTurn(kept, input.node, tx.now)
  const wasLost = input.position !== undefined && kept.node !== input.node
  if (wait > 0 || wasLost) return { ok: { mine: false, wait } }
  const turn: ScrubTurn = { position: input.position ?? kept.position, node: input.node, until: input.over ? 0 : tx.now + turnLasts }
  await tx.run(write, JSON.stringify(turn))
  return { ok: { mine: true, position: turn.position } }
})

export function readScrubTurn(value = '{}'): ScrubTurn {
  return { node: '', until: 0, ...(JSON.parse(value) as Partial<ScrubTurn>) }
}

/** Ms until it may be the turn of this one. A clock that was set back must not put it off for long. */
export function waitForTurn({ node, until }: ScrubTurn, me: string, now: number): number {
  return node === me || until - now > turnLasts ? 0 : Math.max(until - now, 0)
}
