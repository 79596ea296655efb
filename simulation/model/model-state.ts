import type { Digest } from '../../src/oci/index.ts'
import type { Damage } from './operation.ts'
import type { PooledManifest } from './pool.ts'

export interface Link {
  leaseUntil: number
  /** Deleted while a manifest needed it, or in the trash: nobody can see it, and a push brings it back. */
  hidden: boolean
}

export interface Kept {
  readonly manifest: PooledManifest
  readonly digest: Digest
}

/** What was deleted and can be brought back. */
export interface Discarded {
  readonly kind: 'tag' | 'manifest' | 'blob'
  readonly digest: Digest
  readonly tag: string | undefined
  /** That went with a manifest, in byte order. */
  readonly tags: readonly string[]
  readonly purgeAt: number
}

/** A move of a tag; null for no tag. */
export interface Move {
  readonly at: number
  readonly from: Digest | null
  readonly to: Digest | null
}

export interface Repository {
  readonly links: Map<string, Link>
  readonly manifests: Map<string, Kept>
  readonly tags: Map<string, Digest>
  /** Manifests in the trash: they hold what they name, and nobody sees them. */
  readonly hidden: Map<string, Kept>
  /** In the order in which it was deleted. */
  readonly trash: Discarded[]
  /** Of each tag that there ever was, the oldest first. */
  readonly moves: Map<string, Move[]>
}

/** Bytes of a blob that are a file. `damaged`: somebody noticed. */
export interface Stored {
  condition: 'whole' | Damage | 'damaged'
}

export interface ModelState {
  now: number
  readonly repositories: Map<string, Repository>
  /** Blobs too large for a row, by digest, whoever holds them. */
  readonly files: Map<string, Stored>
}

export function emptyRepository(): Repository {
  return { links: new Map(), manifests: new Map(), tags: new Map(), hidden: new Map(), trash: [], moves: new Map() }
}

/** Points a tag at a manifest, or at nothing, and remembers it. */
export function moveTag({ tags, moves }: Repository, tag: string, to: Digest | null, at: number): void {
  const from = tags.get(tag) ?? null
  if (from === to) return
  if (to === null) tags.delete(tag)
  else tags.set(tag, to)
  moves.set(tag, [...(moves.get(tag) ?? []), { at, from, to }])
}

export function isReferenced({ manifests, hidden }: Repository, digest: string): boolean {
  return [...manifests.values(), ...hidden.values()].some(({ manifest }) => manifest.children.some((child) => child.digest === digest))
}
