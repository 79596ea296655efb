import type { Digest } from '../../src/oci/index.ts'
import { isReferenced, moveTag, type Discarded, type Kept, type ModelState, type Repository } from './model-state.ts'
import { Refused, type Limits } from './refused.ts'

/** What of the trash is asked about: the newest one, the one before that, and so on. */
export interface Pick {
  readonly repository: string
  readonly number: number
}

/** The part of the specification about what was deleted and what tags once were. */
export class ModelUndo {
  readonly #limits: Limits
  readonly #state: ModelState

  constructor(limits: Limits, state: ModelState) {
    this.#limits = limits
    this.#state = state
  }

  /** The newest first. */
  list(name: string) {
    const { repositories } = this.#state
    const project = `${name.split('/', 1)[0]}/`
    if (![...repositories.keys()].some((path) => path.startsWith(project))) throw new Refused('NAME_UNKNOWN')
    const trash = repositories.get(name)?.trash ?? []
    return trash.toReversed().map(({ kind, digest, tag = null, tags, purgeAt }) => ({ kind, digest, tag, tags, purgeAt }))
  }

  restore(pick: Pick) {
    const { repository, item } = this.#picked(pick)
    const restored = { tags: [] as string[], leftOut: [] as { tag: string; reason: string }[], manifests: [] }
    if (item.kind === 'tag') restored.tags.push(this.#restoreTag(repository, item))
    if (item.kind === 'manifest') {
      repository.manifests.set(item.digest, this.#takeHidden(repository, item.digest))
      for (const tag of item.tags) {
        if (repository.tags.has(tag)) restored.leftOut.push({ tag, reason: 'exists' })
        else restored.tags.push(tag)
      }
      for (const tag of restored.tags) moveTag(repository, tag, item.digest, this.#state.now)
    }
    if (item.kind === 'blob') {
      const leaseUntil = Math.max(repository.links.get(item.digest)?.leaseUntil ?? 0, this.#state.now + this.#limits.lease)
      repository.links.set(item.digest, { leaseUntil, hidden: false })
    }
    takeOut(repository, item)
    return restored
  }

  #restoreTag(repository: Repository, { tag = '', digest }: Discarded): string {
    if (repository.hidden.has(digest)) throw new Refused('MANIFEST_IN_TRASH')
    if (!repository.manifests.has(digest)) throw new Refused('MANIFEST_UNKNOWN')
    if (repository.tags.has(tag)) throw new Refused('TAG_EXISTS')
    moveTag(repository, tag, digest, this.#state.now)
    return tag
  }

  purge(pick: Pick): void {
    const { repository, item } = this.#picked(pick)
    this.#end(repository, item)
  }

  /** What has had its time. */
  collect(): void {
    for (const repository of this.#state.repositories.values()) {
      for (const item of repository.trash.filter(({ purgeAt }) => purgeAt <= this.#state.now)) this.#end(repository, item)
    }
  }

  /** Every move, the newest first. */
  history(name: string, tag: string) {
    const moves = this.#visible(name).moves.get(tag)
    if (moves === undefined) throw new Refused('MANIFEST_UNKNOWN')
    return moves.toReversed()
  }

  at(name: string, tag: string, at: number) {
    const repository = this.#visible(name)
    const digest = this.#then(repository, tag, at)
    const fate = repository.manifests.has(digest) ? 'here' : repository.hidden.has(digest) ? 'trash' : 'gone'
    return { digest, manifest: fate }
  }

  revert(name: string, tag: string, to: { readonly digest: Digest } | { readonly at: number }, expected: Digest | undefined) {
    const repository = this.#visible(name)
    const digest = 'digest' in to ? to.digest : this.#then(repository, tag, to.at)
    if (repository.hidden.has(digest)) throw new Refused('MANIFEST_IN_TRASH')
    if (!repository.manifests.has(digest)) throw new Refused('MANIFEST_GONE')
    if (expected !== undefined && repository.tags.get(tag) !== expected) throw new Refused('PRECONDITION_FAILED')
    moveTag(repository, tag, digest, this.#state.now)
    return { digest }
  }

  /** As if it had been deleted now, without a trash. */
  #end(repository: Repository, item: Discarded): void {
    takeOut(repository, item)
    if (item.kind === 'manifest') {
      const { manifest } = this.#takeHidden(repository, item.digest)
      for (const child of manifest.children) {
        const link = repository.links.get(child.digest)
        if (link !== undefined) link.leaseUntil = Math.max(link.leaseUntil, this.#state.now + this.#limits.lease)
      }
    }
    if (item.kind === 'blob' && !isReferenced(repository, item.digest)) repository.links.delete(item.digest)
  }

  #picked({ repository: name, number }: Pick) {
    const repository = this.#state.repositories.get(name)
    const item = repository?.trash.at(-1 - (number % Math.max(repository.trash.length, 1)))
    if (repository === undefined || item === undefined) throw new Refused('TRASH_UNKNOWN')
    return { repository, item }
  }

  #then({ moves }: Repository, tag: string, at: number): Digest {
    const found = (moves.get(tag) ?? []).findLast((move) => move.at <= at)?.to ?? null
    if (found === null) throw new Refused('TAG_UNKNOWN_THEN')
    return found
  }

  #visible(name: string): Repository {
    const found = this.#state.repositories.get(name)
    if (found === undefined) throw new Refused('NAME_UNKNOWN')
    return found
  }

  #takeHidden({ hidden }: Repository, digest: string): Kept {
    const kept = hidden.get(digest)
    if (kept === undefined) throw new Error(`${digest} is in the trash, and not hidden`)
    hidden.delete(digest)
    return kept
  }
}

/** A push or a mount, a restore or the end of its time. */
export function takeOut({ trash }: Repository, item: Discarded | undefined): void {
  if (item !== undefined) trash.splice(trash.indexOf(item), 1)
}
