import type { DialectTypes } from './dialect-types.ts'
import { foundation } from './0001-foundation.ts'
import { collectionHold } from './0002-collection-hold.ts'
import { narrowerIndex } from './0003-narrower-index.ts'
import { awaitedChildren } from './0004-awaited-children.ts'
import { access } from './0005-access.ts'
import { jobs } from './0006-jobs.ts'
import { trash } from './0007-trash.ts'
import { discardedRooms } from './0008-discarded-rooms.ts'
import { usage } from './0009-usage.ts'
import { untagged } from './0010-untagged.ts'
import { fillVersionKeys, tagLists } from './0011-tag-lists.ts'
import { inventory } from './0012-inventory.ts'
import { trashByKind } from './0013-trash-by-kind.ts'
import { storedBlobs } from './0014-stored-blobs.ts'
import { trashByDigest } from './0015-trash-by-digest.ts'
import type { MigratingConnection } from './migrate.ts'

export { postgresTypes, sqliteTypes, type DialectTypes } from './dialect-types.ts'

/** A step of the schema. Steps are never edited once released: a change is a new step. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: (types: DialectTypes) => string[]
  /** What takes more than statements, after them. */
  readonly fill?: (connection: MigratingConnection) => Promise<void>
}

export const migrations: readonly Migration[] = [
  { version: 1, name: 'foundation', statements: foundation },
  { version: 2, name: 'collection-hold', statements: collectionHold },
  { version: 3, name: 'narrower-index', statements: narrowerIndex },
  { version: 4, name: 'awaited-children', statements: awaitedChildren },
  { version: 5, name: 'access', statements: access },
  { version: 6, name: 'jobs', statements: jobs },
  { version: 7, name: 'trash', statements: trash },
  { version: 8, name: 'discarded-rooms', statements: discardedRooms },
  { version: 9, name: 'usage', statements: usage },
  { version: 10, name: 'untagged', statements: untagged },
  { version: 11, name: 'tag-lists', statements: tagLists, fill: fillVersionKeys },
  { version: 12, name: 'inventory', statements: inventory },
  { version: 13, name: 'trash-by-kind', statements: trashByKind },
  { version: 14, name: 'stored-blobs', statements: storedBlobs },
  { version: 15, name: 'trash-by-digest', statements: trashByDigest },
]

/** Version of the schema that this program writes. */
export const newestSchema = migrations.length
