import type { Call, CallOutcome } from './happening.ts'

/** A call that made a tag name something, or may have ended that. Steps order calls; `time` is when it began. */
interface TagWrite {
  readonly call: number
  readonly start: number
  readonly time: number
  end: number
  /** What the tag names from then on: certainly, as far as it was acknowledged. */
  readonly digest: string | undefined
  sure: boolean
}

/** Until when tags certainly named a manifest: the rule about untagged ones counts from there. */
export class Naming {
  readonly #writes = new Map<string, TagWrite[]>()
  readonly #tags = new Map<string, Set<string>>()
  readonly #deletions = new Map<string, TagWrite[]>()

  begin(call: Call): void {
    const { repository, digest, tags = [] } = call.keys
    const write: TagWrite = { call: call.id, start: call.step, time: call.time, end: Infinity, digest, sure: false }
    const named = ['manifest.put', 'tag.delete', 'tag.revert', 'trash.restore'].includes(call.operation) ? tags : []
    for (const tag of named) add(this.#writes, `${repository} ${tag}`, { ...write, digest: call.operation === 'tag.delete' ? undefined : digest })
    if (call.operation === 'manifest.delete') add(this.#deletions, `${repository} ${digest}`, write)
  }

  end(call: Call, outcome: CallOutcome, step: number): void {
    const { repository, digest, tags = [] } = call.keys
    const keys = tags.map((tag) => `${repository} ${tag}`)
    for (const key of keys) {
      const write = this.#writes.get(key)?.find((one) => one.call === call.id)
      if (write === undefined) continue
      write.end = step
      write.sure = outcome.was === 'ok'
      if (write.sure && write.digest !== undefined) this.#nameWith(`${repository} ${write.digest}`, key)
    }
    const deletion = this.#deletions.get(`${repository} ${digest}`)?.find((one) => one.call === call.id)
    if (deletion !== undefined) deletion.end = step
  }

  /** The latest moment at which a tag certainly named it: Infinity when one does. */
  until(repository: string, digest: string): number {
    const deletions = this.#deletions.get(`${repository} ${digest}`) ?? []
    let latest = 0
    for (const key of this.#tags.get(`${repository} ${digest}`) ?? []) {
      const writes = this.#writes.get(key) ?? []
      for (const made of writes.filter((write) => write.sure && write.digest === digest)) {
        const enders = [...writes.filter((write) => write.digest !== digest), ...deletions].filter(({ end }) => end > made.start)
        latest = Math.max(latest, Math.min(...enders.map(({ time }) => time), Infinity))
      }
    }
    return latest
  }

  #nameWith(manifest: string, tag: string): void {
    this.#tags.set(manifest, (this.#tags.get(manifest) ?? new Set()).add(tag))
  }
}

function add(writes: Map<string, TagWrite[]>, key: string, write: TagWrite): void {
  writes.set(key, [...(writes.get(key) ?? []), write])
}
