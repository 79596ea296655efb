import type { Reads, Statement } from '../../database/index.ts'
import { blobRecords, linkRecord, manifestRecord, namespaceRecord, repositoryRecord, tagRecord, trashRecord } from './records-of-rows.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import { blobPage, linkPage, manifestPage, namespacePage, repositoryPage, tagPage, trashPage } from './state-store.ts'

/** Where a snapshot goes on: in this table, after the row with this key. */
export interface PageCursor {
  readonly table: Table
  readonly after: readonly (number | string)[]
}

const tables = ['namespace', 'repository', 'blob', 'manifest', 'link', 'tag', 'trash'] as const
type Table = (typeof tables)[number]

const rowsAtOnce = 200

export const firstPage: PageCursor = { table: 'namespace', after: [0] }

/** A record with the place after it. */
export interface PagedRecord {
  readonly record: RecoveryRecord
  readonly after: PageCursor
}

/** Everything that this moment shows after the cursor, in the order of tables and keys. The caller stops where its page is full. */
export async function* recordsAfter(moment: Reads, cursor: PageCursor): AsyncGenerator<PagedRecord> {
  for (const table of tables.slice(tables.indexOf(cursor.table))) {
    let after = table === cursor.table ? cursor.after : starts[table]
    for (let count = rowsAtOnce; count === rowsAtOnce; ) {
      count = 0
      for await (const [record, key] of readers[table](moment, after)) {
        count++
        after = key
        yield { record, after: { table, after } }
      }
    }
  }
}

type Key = readonly (number | string)[]
type ReadRows = (moment: Reads, after: Key) => AsyncGenerator<readonly [RecoveryRecord, Key]>

const starts: Readonly<Record<Table, Key>> = { namespace: [0], repository: [0], blob: [0], manifest: [0, ''], link: [0, 0], tag: [0, ''], trash: [0] }

const readers: Readonly<Record<Table, ReadRows>> = {
  namespace: reader(namespacePage, namespaceRecord, ({ id }) => [id]),
  repository: reader(repositoryPage, repositoryRecord, ({ id }) => [id]),
  async *blob(moment, after) {
    const rows = await moment.all(blobPage, ...after, rowsAtOnce)
    let at = 0
    for await (const record of blobRecords(moment, rows)) yield [record, [rows[at++]?.id ?? 0]]
  },
  manifest: reader(manifestPage, manifestRecord, ({ repository_id, digest }) => [repository_id, digest]),
  link: reader(linkPage, linkRecord, ({ repository_id, blob_id }) => [repository_id, blob_id]),
  tag: reader(tagPage, tagRecord, ({ repository_id, name }) => [repository_id, name]),
  trash: reader(trashPage, trashRecord, ({ id }) => [id]),
}

function reader<Row>(page: Statement<Row>, recordOf: (row: Row) => RecoveryRecord, keyOf: (row: Row) => Key): ReadRows {
  return async function* (moment, after) {
    for (const row of await moment.all(page, ...after, rowsAtOnce)) yield [recordOf(row), keyOf(row)]
  }
}
