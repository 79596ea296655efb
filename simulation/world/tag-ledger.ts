import type { Restored, TagMoved } from '../../src/registry/index.ts'
import type { Call, CallOutcome, Happening, Operation } from './happening.ts'

/** A move of a tag as it is kept: what the database says in the end. */
export interface TagEvent {
  readonly id: number
  readonly name: string
  /** Ms since the epoch. */
  readonly at: number
  readonly actor: string | null
  readonly from_digest: string | null
  readonly to_digest: string | null
}

/** A call about tags; it took effect, if it did, between the times `call.time` and `until`. */
interface Asked {
  readonly call: Call
  until: number
  /** Absent: still under way. */
  outcome: CallOutcome | undefined
}

const writes = ['manifest.put', 'manifest.delete', 'tag.delete', 'tag.revert', 'trash.restore']
const reads = ['manifest.get', 'tag.history', 'tag.at']

/**
 * The history of the tags of one repository: every move that was acknowledged is in it, in its order, with who made it, and nothing else; a
 * revert adds to it. Reads of tags, of their history and of what they were once are compared with it.
 */
export class TagLedger {
  readonly #now: () => number
  readonly #repository: string
  readonly #asked = new Map<number, Asked>()

  constructor(now: () => number, repository: string) {
    this.#now = now
    this.#repository = repository
  }

  listen(happening: Happening): void {
    if (happening.kind !== 'begin' && happening.kind !== 'end') return
    const { call } = happening
    if (call.keys.repository !== this.#repository || ![...writes, ...reads].includes(call.operation)) return
    if (happening.kind === 'begin') this.#asked.set(call.id, { call, until: Infinity, outcome: undefined })
    else this.#asked.set(call.id, { call, until: this.#now(), outcome: happening.outcome })
  }

  /** What is wrong, each in words. `events` are all that the database keeps, in their order. */
  judge(events: readonly TagEvent[]): string[] {
    const names = new Set([...events.map(({ name }) => name), ...[...this.#asked.values()].flatMap(({ call }) => call.keys.tags ?? [])])
    const asked = [...this.#asked.values()]
    return [...names].flatMap((name) => judgeTag(name, events.filter((event) => event.name === name), asked))
  }
}

function judgeTag(name: string, events: readonly TagEvent[], asked: readonly Asked[]): string[] {
  const wrong = (what: string): string => `the history of ${name}: ${what}`
  const about = asked.filter(({ call }) => call.keys.tags?.includes(name) === true || ofManifest(call))
  return [
    ...events.flatMap((event, at) => {
      const before = events[at - 1]?.to_digest ?? null
      return event.from_digest === before && event.to_digest !== before ? [] : [wrong(`move ${event.id} is from ${event.from_digest}; the one before was to ${before}`)]
    }),
    ...events.flatMap((event) => (about.some((one) => explains(name, one, event)) ? [] : [wrong(`nobody made the move ${event.id} of ${event.actor}`)])),
    ...about.flatMap((one) => problemOf(name, one, events) ?? []).map(({ call, what }) => wrong(`${call.operation} of ${call.client} (call ${call.id}, step ${call.step}): ${what}`)),
  ]
}

const ofManifest = ({ operation, keys }: Call): boolean => operation === 'manifest.delete' || (operation === 'trash.restore' && keys.kind === 'manifest')

/** Whether the call may have made the move. */
function explains(name: string, { call, until, outcome }: Asked, { at, actor, from_digest, to_digest }: TagEvent): boolean {
  const { operation, keys, client, time } = call
  if (!writes.includes(operation) || outcome?.was === 'refused' || actor !== client || at < time || at > until) return false
  if (operation === 'manifest.delete') return to_digest === null && from_digest === keys.digest
  if (operation === 'trash.restore') return from_digest === null && to_digest === keys.digest
  if (keys.tags?.includes(name) !== true) return false
  if (operation === 'tag.delete') return to_digest === null
  return to_digest !== null && (keys.digest === undefined || to_digest === keys.digest)
}

interface Problem {
  readonly call: Call
  readonly what: string
}

/** What is wrong with the answer, as far as it is about this tag. */
function problemOf(name: string, one: Asked, events: readonly TagEvent[]): Problem[] | undefined {
  const { call, outcome } = one
  if (outcome === undefined || (outcome.was !== 'ok' && outcome.was !== 'refused')) return undefined
  const what = outcome.was === 'ok' ? wrongAnswers[call.operation]?.({ name, call, window: { from: call.time, until: one.until }, result: outcome.result, events }) : wrongRefusal(one, outcome.code, events)
  return what === undefined ? undefined : [{ call, what }]
}

interface Answered {
  readonly name: string
  readonly call: Call
  readonly window: Window
  readonly result: unknown
  readonly events: readonly TagEvent[]
}

/** What is wrong with an answer, by what was asked. */
const wrongAnswers: Partial<Record<Operation, (answered: Answered) => string | undefined>> = {
  'manifest.put': (answered) => notMade(answered, answered.call.keys.digest ?? null),
  'tag.delete': (answered) => notMade(answered, null),
  'trash.restore': (answered) =>
    (answered.result as Restored).tags.some((tag) => tag === answered.name) ? notMade(answered, answered.call.keys.digest ?? null) : undefined,
  'manifest.get': ({ events, result, window }) =>
    pointedAt(events, result as string, window) ? undefined : `answered ${String(result)}, which the tag did not name then`,
  'tag.revert': ({ call, result, window, events }) => wrongRevert(call, (result as { readonly digest: string }).digest, window, events),
  'tag.history': ({ call, result, window, events }) => wrongHistory(call, (result as { readonly moves: readonly TagMoved[] }).moves, window, events),
  'tag.at': ({ call, result, events }) => wrongMoment(call, (result as { readonly digest: string }).digest, events),
}

function notMade({ call, window: { from, until }, events }: Answered, to: string | null): string | undefined {
  const isMade = events.some(({ at, actor, to_digest }) => at >= from && at <= until && actor === call.client && to_digest === to)
  return isMade ? undefined : 'was acknowledged, and there is no such move'
}

function wrongRefusal({ call, until }: Asked, code: string, events: readonly TagEvent[]): string | undefined {
  const { operation, time } = call
  const isAbsent = code === 'MANIFEST_UNKNOWN' || code === 'NAME_UNKNOWN'
  if (operation === 'manifest.get' && isAbsent) return pointedAt(events, null, { from: time, until }) ? undefined : 'the tag was there all the time'
  if (operation === 'tag.history' && isAbsent) return events.some(({ at }) => at < time) ? 'there is a history' : undefined
  if (operation === 'tag.at' && code === 'TAG_UNKNOWN_THEN') return wrongMoment(call, null, events)
  return undefined
}

interface Window {
  readonly from: number
  readonly until: number
}

/** Whether there was a moment in the window at which the tag named it. */
function pointedAt(events: readonly TagEvent[], digest: string | null, { from, until }: Window): boolean {
  const states = [{ at: 0, to_digest: null }, ...events]
  return states.some(({ at, to_digest }, index) => to_digest === digest && at <= until && (states[index + 1]?.at ?? Infinity) >= from)
}

function wrongRevert(call: Call, digest: string, window: Window, events: readonly TagEvent[]): string | undefined {
  if (!pointedAt(events, digest, window)) return `was acknowledged, and the tag was not ${digest} then`
  const { at } = call.keys
  return at === undefined ? undefined : wrongMoment(call, digest, events)
}

/** What was there before it was asked is in the answer, and what came since may be; nothing is ever taken out. */
function wrongHistory(call: Call, moves: readonly TagMoved[], { from, until }: Window, events: readonly TagEvent[]): string | undefined {
  const told = moves.toReversed().map((move) => [move.id, move.at, move.by ?? null, move.from ?? null, move.to ?? null].join(' '))
  const kept = events.map(({ id, at, actor, from_digest, to_digest }) => [id, at, actor, from_digest, to_digest].map((value) => value ?? null).join(' '))
  if (told.join('\n') !== kept.slice(0, told.length).join('\n')) return `answered ${told.length} moves which are not those that are kept`
  const least = events.filter(({ at }) => at < from).length
  const most = events.filter(({ at }) => at <= until).length
  return told.length >= least && told.length <= most ? undefined : `answered ${told.length} moves; there were between ${least} and ${most} (call ${call.id})`
}

function wrongMoment({ keys, time }: Call, digest: string | null, events: readonly TagEvent[]): string | undefined {
  const { at = Infinity } = keys
  if (at >= time) return undefined
  const then = events.filter((event) => event.at <= at).at(-1)?.to_digest ?? null
  return then === digest ? undefined : `answered ${digest} for ${at}; it was ${then}`
}
