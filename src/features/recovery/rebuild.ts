import type { Tx } from '../../database/index.ts'
import { record } from '../../record/index.ts'
import { holdCollection, rebuiltHold } from '../../registry/index.ts'
import type { BlobStore, SegmentStore } from '../../storage/index.ts'
import { RecoveryError } from './recovery-error.ts'
import { findRestorableState, type Damage, type RestorableState } from './restorable-state.ts'
import { restore, type Restored } from './restore.ts'
import { beginTagHistory, idsGoOn, markDamaged, noteUnnamed, restoredManifests, restoredObjects, restoredTags } from './restore-end-store.ts'

export interface RebuildDeps {
  readonly segments: SegmentStore
  readonly store: BlobStore
  /** The id of the data directory, when it has one. */
  readonly installation: string | undefined
  /** Makes a new database of that installation with what `work` writes: all of it or, on failure or a kill, nothing. */
  readonly makeDatabase: <T>(installation: () => Promise<string>, work: (tx: Tx) => Promise<T>) => Promise<T>
  /** How long every blob is kept without a manifest, in ms. */
  readonly lease: number
  /** When the newest segments are damaged: restore what was recorded before. */
  readonly untilDamage: boolean
}

/** What was brought back, and what was not. */
export interface Rebuilt extends Restored {
  readonly installation: string
  /** The moment whose state it is, in ms since the epoch. What was changed later is not in it. */
  readonly at: number
  /** How many segments it was read from. */
  readonly segments: number
  readonly damage: Damage | undefined
  /** Blobs whose file is missing or has another size. They count as missing until they are pushed again. */
  readonly missing: readonly MissingFile[]
}

export interface MissingFile {
  readonly digest: string
  readonly size: number
  readonly key: string | null
}

/**
 * Restores the newest state that the segments hold into a new database.
 * @throws RecoveryError, DatabaseError, StorageError; then there is no new database
 */
export async function rebuild(deps: RebuildDeps): Promise<Rebuilt> {
  let state: RestorableState | undefined
  const installation = async (): Promise<string> => {
    state = await findRestorableState(deps.segments)
    checkState(state, deps)
    return state.installation
  }
  return await deps.makeDatabase(installation, async (tx) => {
    if (state === undefined) throw new Error('the installation was not asked for')
    await holdCollection.run(tx, { name: rebuiltHold, until: null, reason: 'the database was rebuilt: run `berth fsck`' })
    const restored = await restore(tx, deps.segments, state, tx.now + deps.lease)
    for (const statement of idsGoOn) await tx.one(statement)
    await beginHistory(tx)
    await noteManifests(tx)
    const missing = await findMissingFiles(tx, deps.store)
    const { repositories, tags, manifests, blobs, bytes, contradictions } = restored
    const figures = { repositories, tags, manifests, blobs, bytes, contradictions }
    const keys = { at: state.at, repositories, tags, manifests, blobs }
    await record(tx, { kind: 'index.rebuild', actor: undefined, repositoryId: undefined, keys }, null)
    return { ...figures, installation: state.installation, at: state.at, segments: state.last - state.first + 1, damage: state.damage, missing }
  })
}

function checkState({ installation, damage, at }: RestorableState, deps: RebuildDeps): void {
  if (deps.installation !== undefined && deps.installation !== installation) {
    throw new RecoveryError('other-segments', `the segments are of installation ${installation}, the directory is ${deps.installation}`, { installation })
  }
  if (damage !== undefined && !deps.untilDamage) {
    const message = `segment ${damage.segment} can't be used (${damage.reason})`
    throw new RecoveryError('segments-damaged', message, { ...damage, at: String(at) })
  }
}

const pageSize = 500

async function beginHistory(tx: Tx): Promise<void> {
  for (let after: readonly [number, string] | undefined = [0, '']; after !== undefined; ) {
    const tags: { repository_id: number; name: string }[] = await tx.all(restoredTags, ...after, pageSize)
    for (const { repository_id, name } of tags) await tx.run(beginTagHistory, repository_id, name)
    const last = tags.at(-1)
    after = last === undefined ? undefined : [last.repository_id, last.name]
  }
}

async function noteManifests(tx: Tx): Promise<void> {
  for (let after: readonly [number, string] | undefined = [0, '']; after !== undefined; ) {
    const manifests: (typeof restoredManifests.row & object)[] = await tx.all(restoredManifests, ...after, pageSize)
    for (const { repository_id, digest, named } of manifests) if (named === 0) await tx.run(noteUnnamed, repository_id, digest, tx.now)
    const last = manifests.at(-1)
    after = last === undefined ? undefined : [last.repository_id, last.digest]
  }
}

/** Compares every object with its file, by size. A reader would find the rest; now a person can be told. */
async function findMissingFiles(tx: Tx, store: BlobStore): Promise<MissingFile[]> {
  const missing: MissingFile[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const objects: (typeof restoredObjects.row & object)[] = await tx.all(restoredObjects, after, pageSize)
    for (const { id, key, state, digest, size } of objects) {
      const file = key === null ? undefined : await store.stat(key)
      if (file?.size === size) continue
      missing.push({ digest, size, key })
      if (state === 'live') await tx.run(markDamaged, id, tx.now)
    }
    after = objects.at(-1)?.id
  }
  return missing
}
