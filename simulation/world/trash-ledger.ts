import type { TrashEntry } from '../../src/registry/index.ts'
import type { Call, CallOutcome, Happening } from './happening.ts'

export interface TrashTimes {
  readonly now: () => number
  readonly retention: number
}

/** A deletion that was acknowledged. `from` and `to` are times, `start` and `end` steps. */
interface Deleted {
  readonly what: string
  readonly repository: string
  readonly start: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/** A call that may take something out of the trash. */
interface Taker {
  readonly call: number
  end: number
}

const removers = ['manifest.delete', 'blob.delete', 'tag.delete']
/** Why a tag stays in the trash although it is there. */
const obstacles = ['TAG_EXISTS', 'MANIFEST_IN_TRASH', 'MANIFEST_UNKNOWN']

/**
 * What the trash promises: what was deleted is listed until its time has come, unless somebody restores it, purges it or pushes it again, and
 * what is listed can be restored as long.
 */
export class TrashLedger {
  readonly #times: TrashTimes
  readonly #takers = new Map<string, Taker[]>()
  readonly #listed = new Map<number, { readonly entry: TrashEntry; readonly start: number }>()
  #deleted: Deleted[] = []
  #violation: string | undefined

  constructor(times: TrashTimes) {
    this.#times = times
  }

  /** The first promise that was broken. */
  get violation(): string | undefined {
    return this.#violation
  }

  listen(happening: Happening): void {
    if (happening.kind === 'begin') for (const what of takenBy(happening.call)) this.#begin(what, happening.call.id)
    if (happening.kind === 'end') this.#end(happening.call, happening.outcome, happening.step)
  }

  #begin(what: string, call: number): void {
    this.#takers.set(what, [...(this.#takers.get(what) ?? []), { call, end: Infinity }])
  }

  #end(call: Call, outcome: CallOutcome, step: number): void {
    for (const what of takenBy(call)) {
      const taker = this.#takers.get(what)?.find((one) => one.call === call.id)
      if (taker !== undefined) taker.end = step
    }
    const { operation, time, step: start } = call
    if (outcome.was === 'ok' && removers.includes(operation)) {
      const kind = operation.slice(0, operation.indexOf('.'))
      const { repository = '' } = call.keys
      this.#deleted.push({ what: nameOf(kind, call), repository, start, end: step, from: time, to: this.#times.now() })
    }
    if (outcome.was === 'ok' && operation === 'trash.list') this.#list(call, outcome.result as readonly TrashEntry[])
    if (outcome.was === 'refused' && (operation === 'trash.restore' || operation === 'trash.purge')) this.#refused(call, outcome.code)
  }

  #list(call: Call, entries: readonly TrashEntry[]): void {
    const { now, retention } = this.#times
    for (const entry of entries) {
      this.#listed.set(entry.id, { entry, start: call.step })
      // A purge that failed is put off: it stays for longer then.
      const kept = entry.purgeAt - entry.deletedAt
      if (kept < retention) this.#break(call, `${entry.id} stays for ${kept} ms, not ${retention}`)
    }
    this.#deleted = this.#deleted.filter(({ what, start, from }) => from + retention > now() && !this.#isTaken(what, start))
    for (const { what, repository, end, from, to } of this.#deleted) {
      if (repository !== call.keys.repository || end >= call.step) continue
      const found = entries.some((entry) => nameOfEntry(entry) === what && entry.deletedAt >= from && entry.deletedAt <= to)
      if (!found) this.#break(call, `the ${what}, whose deletion was acknowledged in step ${end}, is not in the trash`)
    }
  }

  #refused(call: Call, code: string): void {
    const { trash, kind } = call.keys
    const listed = this.#listed.get(trash ?? 0)
    if (kind === 'tag' && call.operation === 'trash.restore' && obstacles.includes(code)) return
    if (code !== 'TRASH_UNKNOWN') return this.#break(call, `refused with ${code}`)
    if (listed === undefined || listed.entry.purgeAt <= this.#times.now()) return
    const { entry, start } = listed
    if (this.#isTaken(nameOfEntry(entry), start, call.id)) return
    // What a rule put there comes back with what names it.
    if (entry.cause === 'rule' && this.#isTaken(companionsOf(entry.path), start, call.id)) return
    this.#break(call, `the ${nameOfEntry(entry)}, number ${trash}, was in the trash in step ${start} and can't be brought back, though it is not due and nobody took it`)
  }

  #isTaken(what: string, since: number, except?: number): boolean {
    return (this.#takers.get(what) ?? []).some(({ call, end }) => end > since && call !== except)
  }

  #break({ operation, client, id }: Call, what: string): void {
    this.#violation ??= `${operation} of ${client} (call ${id}): ${what}`
  }
}

/** What a call may take out of the trash. */
function takenBy(call: Call): readonly string[] {
  const { operation, keys } = call
  if (operation === 'manifest.put') return [nameOf('manifest', call)]
  if (operation === 'blob.mount' || operation === 'upload.finish' || operation === 'upload.whole') return [nameOf('blob', call)]
  if (operation !== 'trash.restore' && operation !== 'trash.purge') return []
  const name = nameOf(keys.kind ?? '', call)
  return operation === 'trash.restore' && keys.kind === 'manifest' ? [name, companionsOf(keys.repository ?? '')] : [name]
}

const nameOf = (kind: string, { keys }: Call): string => `${kind} ${keys.repository} ${kind === 'tag' ? keys.tags?.[0] : keys.digest}`
const nameOfEntry = ({ kind, path, tag, digest }: TrashEntry): string => `${kind} ${path} ${kind === 'tag' ? tag : digest}`
const companionsOf = (repository: string): string => `companions in ${repository}`
