import type { Restored } from '../../src/registry/index.ts'
import { Histories, type Deed } from './deeds.ts'
import type { Call, CallOutcome, Happening, Operation } from './happening.ts'
import { Naming } from './naming.ts'
import { ownProject } from './whole-repositories.ts'

export interface LedgerTimes {
  readonly now: () => number
  readonly lease: number
  readonly drain: number
  /** How long a manifest stays that nothing names; Infinity for ever. */
  readonly unnamedFor: number
}

/** Operations that may bring something into being. */
const makers: ReadonlySet<Operation> = new Set(['manifest.put', 'upload.finish', 'upload.whole', 'blob.mount', 'trash.restore'])
const removers: ReadonlySet<Operation> = new Set(['manifest.delete', 'blob.delete'])
const ofManifests = ({ operation, keys }: Call): boolean =>
  operation.startsWith('manifest.') || operation === 'tag.revert' || (operation === 'trash.restore' && keys.kind !== 'blob')

/**
 * What servers promised, and what was seen of it since. A promise may be broken only by what somebody asked for, by the end
 * of its lease, or by damage to its bytes until they are pushed again. Steps order calls exactly: a call that ended before
 * another began came before it, and whatever overlaps may have come in either order.
 */
export class Ledger {
  readonly #times: LedgerTimes
  readonly #manifests = new Histories()
  readonly #blobs = new Histories()
  readonly #naming = new Naming()
  readonly #damage = new Map<string, number>()
  readonly #found = new Map<string, number>()
  readonly #underWay = new Map<number, Call>()
  readonly #finishing = new Map<string, Call>()
  readonly #asked = new Set<string>()
  #violation: string | undefined
  #acknowledged = 0

  constructor(times: LedgerTimes) {
    this.#times = times
  }

  /** The first promise that was broken. */
  get violation(): string | undefined {
    return this.#violation
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  listen(happening: Happening): void {
    // Who deletes whole repositories knows by itself what must be in them.
    if ('call' in happening && happening.call.keys.repository?.startsWith(`${ownProject}/`) === true) return
    if (happening.kind === 'begin') this.#begin(happening.call)
    if (happening.kind === 'end') this.#end(happening.call, happening.outcome, happening.step)
  }

  /** The bytes of this digest were damaged on the disk. */
  damaged(digest: string, step: number): void {
    this.#damage.set(digest, step)
    this.#found.delete(digest)
  }

  /** Whether anybody ever asked for its deletion. */
  deletionAsked(digest: string): boolean {
    return this.#asked.has(digest)
  }

  #begin(call: Call): void {
    this.#underWay.set(call.id, call)
    this.#naming.begin(call)
    const { digest, upload } = call.keys
    if (removers.has(call.operation) && digest !== undefined) this.#asked.add(digest)
    if (call.operation === 'upload.finish' && upload !== undefined && !this.#finishing.has(upload)) this.#finishing.set(upload, call)
  }

  #end(call: Call, outcome: CallOutcome, step: number): void {
    this.#underWay.delete(call.id)
    this.#naming.end(call, outcome, step)
    const { repository, digest, kind } = call.keys
    if (outcome.was === 'ok') this.#acknowledged++
    if (repository === undefined) return
    if (outcome.was === 'refused') return this.#refused(call, repository, outcome.code, outcome.missing, step)
    if (digest === undefined) return
    const sure = outcome.was === 'ok'
    if (call.operation === 'trash.restore') {
      if (kind !== 'tag') this.#restored(call, repository, digest, sure ? (outcome.result as Restored) : undefined, step)
      return
    }
    if (sure) this.#named(call, repository)
    if (makers.has(call.operation)) this.#made(call, repository, digest, sure, step)
    if (removers.has(call.operation)) this.#of(call).of(repository, digest).gone.push({ start: call.step, end: step, sure })
    if (outcome.was === 'ok' && /\.(head|get)$/.test(call.operation)) this.#seen(call, repository, digest, step)
  }

  #of(call: Call): Histories {
    return ofManifests(call) ? this.#manifests : this.#blobs
  }

  /** What a manifest lists and what a mount takes was there: nothing in the trash can be named or mounted. */
  #named(call: Call, repository: string): void {
    const { operation, keys } = call
    if (operation === 'blob.mount' && keys.from !== undefined && keys.digest !== undefined) this.#wasThere(call, this.#blobs, keys.from, keys.digest)
    if (operation !== 'manifest.put') return
    for (const child of call.children) {
      const isManifest = this.#manifests.known(repository, child)
      this.#wasThere(call, isManifest ? this.#manifests : this.#blobs, repository, child)
    }
  }

  /** What was in the trash is back, digest for digest: what a manifest holds was never gone. */
  #restored(call: Call, repository: string, digest: string, result: Restored | undefined, step: number): void {
    const sure = result !== undefined
    const isBlob = call.keys.kind === 'blob'
    const until = call.time + (isBlob ? this.#times.lease : this.#times.unnamedFor)
    const restored: Deed = { start: call.step, end: step, sure, until, heals: false, manifest: undefined, restores: true }
    this.#of(call).of(repository, digest).there.push(restored)
    for (const companion of result?.manifests ?? []) this.#manifests.of(repository, companion).there.push(restored)
  }

  /** A closing PUT that comes again only repeats the answer of the first: nothing is promised anew. */
  #made(call: Call, repository: string, digest: string, sure: boolean, step: number): void {
    const { operation, keys, children } = call
    const first = (operation === 'upload.finish' && keys.upload !== undefined && this.#finishing.get(keys.upload)) || call
    const made: Deed = { start: first.step, end: step, sure, until: first.time + this.#times.unnamedFor, heals: false, manifest: undefined }
    if (operation !== 'manifest.put') {
      const until = first.time + this.#times.lease
      this.#blobs.of(repository, digest).there.push({ ...made, until, heals: operation !== 'blob.mount' })
      return
    }
    this.#manifests.of(repository, digest).there.push(made)
    for (const child of sure ? children : []) {
      // An index names its children for as long as it is there.
      if (this.#manifests.known(repository, child)) this.#manifests.of(repository, child).there.push({ ...made, names: true })
      else this.#blobs.of(repository, child).there.push({ ...made, until: Infinity, manifest: digest })
    }
  }

  #seen(call: Call, repository: string, digest: string, step: number): void {
    this.#wasThere(call, this.#of(call), repository, digest)
    if (call.operation !== 'blob.head') return
    const found = this.#found.get(digest)
    if (found !== undefined && found < call.step && !this.#mayBeHealed(digest)) {
      this.#break(call, `${digest} is said to be there, though its damage was found in step ${found} and nobody pushed it again`)
    }
    const until = call.time + this.#times.lease / 2
    this.#blobs.of(repository, digest).there.push({ start: call.step, end: step, sure: true, until, heals: false, manifest: undefined })
  }

  #wasThere(call: Call, histories: Histories, repository: string, digest: string): void {
    const history = histories.of(repository, digest)
    const back = history.gone.find(
      (gone) =>
        gone.sure &&
        gone.end < call.step &&
        !history.there.some((deed) => deed.names !== true && deed.end > gone.start) &&
        !this.#isUnderWay(makers, repository, digest),
    )
    if (back !== undefined) this.#break(call, `${digest} is in ${repository} again, though its deletion was acknowledged in step ${back.end}`)
  }

  #refused(call: Call, repository: string, code: string, missing: readonly string[], step: number): void {
    const { keys } = call
    for (const child of missing) {
      this.#missed(call, this.#manifests.known(repository, child) ? this.#manifests : this.#blobs, repository, child, step)
    }
    const unknown = ['BLOB_UNKNOWN', 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'MANIFEST_GONE', 'MANIFEST_IN_TRASH'].includes(code)
    if (!unknown || keys.digest === undefined) return
    this.#missed(call, this.#of(call), keys.from ?? repository, keys.digest, step)
  }

  /** It was not there at some moment of the call: then no promise may have held during the whole of it. */
  #missed(call: Call, histories: Histories, repository: string, digest: string, step: number): void {
    const now = this.#times.now()
    // A reader that is slower than the drain is told that the bytes are gone.
    if (call.operation === 'blob.get' && now - call.time >= this.#times.drain) return
    const history = histories.of(repository, digest)
    const promise = history.there.find(
      (deed) =>
        deed.sure &&
        deed.end < call.step &&
        this.#stands(histories, repository, digest, deed, now) &&
        !history.gone.some((gone) => gone.end > deed.start) &&
        !this.#isUnderWay(removers, repository, digest) &&
        !this.#manifestGone(repository, deed),
    )
    if (promise === undefined) return
    if (histories === this.#blobs && this.#isDamaged(digest, call)) return this.#damageFound(call, digest, step)
    this.#break(call, `${digest} is not in ${repository} in step ${step}, but steps ${promise.start} to ${promise.end} promised it`)
  }

  /** A call that began before the damage was done may have met an older file, which was damaged too: that says nothing of this one. */
  #damageFound(call: Call, digest: string, step: number): void {
    if (call.step > (this.#damage.get(digest) ?? Infinity)) this.#found.set(digest, step)
  }

  #stands(histories: Histories, repository: string, digest: string, { until }: Deed, now: number): boolean {
    return until > now || (histories === this.#manifests && this.#naming.until(repository, digest) + this.#times.unnamedFor > now)
  }

  #manifestGone(repository: string, { manifest, start }: Deed): boolean {
    if (manifest === undefined) return false
    const { gone, there } = this.#manifests.of(repository, manifest)
    const isUndone = (step: number): boolean => there.some((deed) => deed.restores === true && deed.sure && deed.start > step)
    const now = this.#times.now()
    const mayBeTaken = !there.some((deed) => deed.sure && this.#stands(this.#manifests, repository, manifest, deed, now))
    return mayBeTaken || gone.some(({ end }) => end > start && !isUndone(end)) || this.#isUnderWay(removers, repository, manifest)
  }

  /** Whether its bytes were damaged and no push that began later had ended when the call began. */
  #isDamaged(digest: string, call: Call): boolean {
    const damage = this.#damage.get(digest)
    if (damage === undefined) return false
    return !this.#blobs.everywhere(digest).some(({ heals, sure, start, end }) => heals && sure && start > damage && end < call.step)
  }

  #mayBeHealed(digest: string): boolean {
    const damage = this.#damage.get(digest) ?? Infinity
    const pushing = [...this.#underWay.values()].some(({ operation, keys }) => makers.has(operation) && keys.digest === digest)
    return pushing || this.#blobs.everywhere(digest).some(({ heals, end }) => heals && end > damage)
  }

  #isUnderWay(operations: ReadonlySet<Operation>, repository: string, digest: string): boolean {
    for (const { operation, keys } of this.#underWay.values()) {
      if (operations.has(operation) && keys.repository === repository && keys.digest === digest) return true
    }
    return false
  }

  #break({ operation, client, id }: Call, what: string): void {
    this.#violation ??= `${operation} of ${client} (call ${id}): ${what}`
  }
}
