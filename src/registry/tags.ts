import type { Database } from '../database/index.ts'
import { RegistryError, type Digest, type RepositoryName, type Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'
import { admit, checkPlace, tagEvidence } from './admission.ts'
import { resultOf } from './failure.ts'
import { repositoryId } from './list-store.ts'
import type { Authorize } from './ports.ts'
import {
  beginningOf,
  manifestNow,
  oneTag,
  placeOfTag,
  tagEventsBefore,
  tagEventUpTo,
  tagPageIn,
  type Direction,
  type TagEventRow,
  type TagOrder,
  type TagPlace,
  type TagRow,
} from './tag-list-store.ts'
import { revertTag, type RevertTarget } from './tag-transactions.ts'

/** Tags with what is known of them, what they pointed at before, and the way back. All times in ms since the epoch. */
export interface Tags {
  /** At most `limit` in an order, behind the place `after`. Fails with NAME_UNKNOWN. */
  list(actor: Actor, repository: RepositoryName, page: TagListing): Promise<TagList>
  /** Fails with NAME_UNKNOWN, or MANIFEST_UNKNOWN where there is no such tag. */
  get(actor: Actor, repository: RepositoryName, tag: Tag): Promise<TagFacts>
  /**
   * Every move, the newest first. It outlives the tag. Fails with NAME_UNKNOWN, or MANIFEST_UNKNOWN where there was never such a tag.
   */
  history(actor: Actor, repository: RepositoryName, tag: Tag, page: HistoryPage): Promise<TagHistory>
  /** What the tag pointed at in a moment. Fails with NAME_UNKNOWN, or TAG_UNKNOWN_THEN where it did not exist. */
  at(actor: Actor, repository: RepositoryName, tag: Tag, at: number): Promise<TagThen>
  /**
   * Points the tag at a manifest that the repository still has, which takes what pushing that manifest by that tag takes. Fails with
   * PRECONDITION_FAILED where the tag is not what is expected, TAG_UNKNOWN_THEN, MANIFEST_GONE, and MANIFEST_IN_TRASH with its number there.
   */
  revert(actor: Actor, repository: RepositoryName, tag: Tag, revert: Revert): Promise<{ readonly digest: Digest }>
}

export interface TagListing {
  readonly order: TagOrder
  readonly direction: Direction
  readonly limit: number
  /** `next` of the page before, in the same order and direction. */
  readonly after: TagPlace | undefined
}

export interface TagList {
  readonly tags: readonly TagFacts[]
  /** Absent on the last page. */
  readonly next: TagPlace | undefined
}

export interface TagFacts {
  readonly name: Tag
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes of the manifest and of everything it refers to. */
  readonly size: number
  readonly createdAt: number
  readonly pushedAt: number
  readonly pushedBy: string | undefined
  /** Absent: not since pulls are counted. */
  readonly pulledAt: number | undefined
}

export interface HistoryPage {
  readonly limit: number
  readonly after: HistoryPlace | undefined
}

export interface HistoryPlace {
  readonly at: number
  readonly id: number
}

export interface TagHistory {
  readonly moves: readonly TagMoved[]
  readonly next: HistoryPlace | undefined
}

export interface TagMoved extends HistoryPlace {
  /** Who did it; absent for nobody known. */
  readonly by: string | undefined
  /** Absent: there was no such tag. */
  readonly from: Digest | undefined
  /** Absent: the tag was deleted. */
  readonly to: Digest | undefined
}

export interface TagThen {
  readonly digest: Digest
  /** Since when it pointed there, by whom. */
  readonly since: number
  readonly by: string | undefined
  /** Whether the manifest can still be pulled. */
  readonly manifest: 'here' | 'trash' | 'gone'
}

export interface Revert {
  readonly to: RevertTarget
  /** What the tag has to point at now, or null: nothing. Absent: whatever. */
  readonly expected?: Digest | null | undefined
}

export interface TagDeps {
  readonly database: Database
  readonly authorize: Authorize
}

export function createTags(deps: TagDeps): Tags {
  return { ...createTagReads(deps), revert: (...revert) => revertOf(deps, ...revert) }
}

function createTagReads({ database, authorize }: TagDeps): Omit<Tags, 'revert'> {
  async function open(actor: Actor, repository: RepositoryName): Promise<number> {
    const project = await admit(authorize, actor, 'pull', repository)
    const found = await database.one(repositoryId, repository)
    checkPlace(project, found)
    if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
    return found.id
  }
  return {
    list: async (actor, repository, { order, direction, limit, after }) => {
      const id = await open(actor, repository)
      const rows = await database.all(tagPageIn(order, direction), id, ...(after ?? beginningOf(order, direction)), limit + 1)
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return { tags: shown.map(factsOf), next: rows.length > limit && last !== undefined ? placeOfTag(order, last) : undefined }
    },
    get: async (actor, repository, tag) => {
      const row = await database.one(oneTag, await open(actor, repository), tag)
      if (row === undefined) throw new RegistryError('MANIFEST_UNKNOWN')
      return factsOf(row)
    },
    history: async (actor, repository, tag, { limit, after }) => {
      const id = await open(actor, repository)
      const { at, id: before } = after ?? behindAll
      const rows = await database.all(tagEventsBefore, id, tag, at, before, limit + 1)
      if (rows.length === 0 && after === undefined) throw new RegistryError('MANIFEST_UNKNOWN')
      const moves = rows.slice(0, limit).map(movedOf)
      return { moves, next: rows.length > limit ? moves.at(-1) : undefined }
    },
    at: async (actor, repository, tag, at) => {
      const id = await open(actor, repository)
      const event = await database.one(tagEventUpTo, id, tag, at)
      if (event === undefined || event.to_digest === null) throw new RegistryError('TAG_UNKNOWN_THEN', { detail: { tag } })
      const manifest = await database.one(manifestNow, id, event.to_digest)
      return { digest: event.to_digest as Digest, since: event.at, by: event.actor ?? undefined, manifest: fateOf(manifest) }
    },
  }
}

const behindAll: HistoryPlace = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }

async function revertOf({ database, authorize }: TagDeps, ...[actor, repository, name, { to, expected }]: Parameters<Tags['revert']>) {
  const project = await admit(authorize, actor, 'push', repository)
  const tag = await tagEvidence(authorize, actor, repository, name)
  const by = { identity: actor.identity, address: actor.address }
  const { digest } = resultOf(await database.transact(revertTag, { repository, project, tag, to, actor: by, precondition: preconditionOf(expected) }))
  return { digest: digest as Digest }
}

function preconditionOf(expected: Revert['expected']) {
  if (expected === undefined) return undefined
  return expected === null ? { match: undefined, noneMatch: 'any' as const } : { match: [expected], noneMatch: undefined }
}

function fateOf(manifest: typeof manifestNow.row): TagThen['manifest'] {
  if (manifest === undefined || manifest.whole === 0) return 'gone'
  return manifest.deleted_at === null ? 'here' : 'trash'
}

function factsOf(row: TagRow): TagFacts {
  return {
    name: row.name as Tag,
    digest: row.digest as Digest,
    mediaType: row.media_type,
    size: row.size,
    createdAt: row.created_at,
    pushedAt: row.updated_at,
    pushedBy: row.updated_by ?? undefined,
    pulledAt: row.pulled_at === 0 ? undefined : row.pulled_at,
  }
}

function movedOf({ id, at, actor, from_digest: from, to_digest: to }: TagEventRow): TagMoved {
  return { id, at, by: actor ?? undefined, from: (from ?? undefined) as Digest | undefined, to: (to ?? undefined) as Digest | undefined }
}
