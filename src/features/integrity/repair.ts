import type { Database, Outcome } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { dropContent, markDamaged, queueAgain, restoreObject, standingHolds } from '../../registry/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { Finding, Remedy } from './finding.ts'
import { lastChange, objectById } from './integrity-store.ts'

/** Does what can be done about a finding, and answers whether it was done. */
export type Repair = (finding: Finding) => Promise<boolean>

export interface RepairDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  /** How long an upload that receives nothing stays, in ms: what is younger may belong to one. */
  readonly uploadExpiry: number
}

/** Everything that may be done while no server runs. */
export function createRepair(deps: RepairDeps): Repair {
  const mark = createMarking(deps.database)
  return async (found) => {
    const { remedy } = found
    if (remedy?.kind === 'remove file') return await removeFile(deps, remedy)
    if (remedy?.kind === 'queue') {
      // An object being written may belong to an upload that has not told of it: it is left its time.
      const wait = remedy.queue === 'object' ? deps.uploadExpiry : 0
      return isDone(await deps.database.transact(queueAgain, { kind: remedy.queue, key: remedy.key, wait }))
    }
    return await mark(found)
  }
}

/** What may be done while a server runs: damaged bytes are marked, so that a push heals them, and whole ones served again. */
export function createMarking(database: Database): Repair {
  return async ({ remedy }) => {
    switch (remedy?.kind) {
      case 'mark damaged':
        return isDone(await database.transact(markDamaged, { ...remedy }))
      case 'restore':
        return isDone(await database.transact(restoreObject, { ...remedy }))
      case 'drop content':
        return isDone(await database.transact(dropContent, { blobId: remedy.blobId }))
      case 'queue':
      case 'remove file':
      case undefined:
        return false
    }
  }
}

const isDone = (outcome: Outcome<boolean>): boolean => 'ok' in outcome && outcome.ok

/**
 * A row is there before its file and longer than it, so a file without one is nobody's; unless the database is not the newest:
 * restored from a backup, or rebuilt and not yet checked. A file that is newer than all the database knows of says so.
 */
async function removeFile({ database, store, clock, uploadExpiry }: RepairDeps, file: Remedy & { kind: 'remove file' }): Promise<boolean> {
  const known = await database.one(lastChange)
  if (known === undefined || file.modified >= Math.min(known.at, clock.now() - uploadExpiry)) return false
  if ((await database.one(standingHolds, clock.now())) !== undefined) return false
  if ((await database.one(objectById, file.id)) !== undefined) return false
  await store.delete(file.id, file.key)
  return true
}
