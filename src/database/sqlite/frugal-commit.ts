import { DatabaseError } from '../database.ts'
import { statement } from '../statement.ts'
import type { TransactionTable } from '../transaction.ts'
import type { SqliteConnection } from './connection.ts'
import { commitMerged, type WriteReply, type WriteRequest } from './merged-commit.ts'
import type { Reserve } from './reserve.ts'

export interface FrugalDeps {
  readonly connection: SqliteConnection
  readonly table: TransactionTable
  readonly reserve: Reserve
}

/**
 * `commitMerged` that goes on without room for what frees room: when the disk is full, the reserve is given up piece by piece,
 * the log is written back so that it needs no new room, and the transactions that free room run once more. Everything else is
 * refused until the reserve is whole again: a push must not use up what deletes need.
 */
export async function commitFrugally({ connection, table, reserve }: FrugalDeps, requests: readonly WriteRequest[]): Promise<WriteReply[]> {
  const frees = ({ name }: WriteRequest): boolean => table.get(name)?.frees === true
  const isWhole = reserve.keep(lengthOf(connection))
  const replies: WriteReply[] = requests.map(() => noRoom)
  await commitThose([...requests.keys()].filter((index) => isWhole || frees(at(requests, index))))
  const stuck = (): number[] => [...requests.keys()].filter((index) => isFull(at(replies, index)) && frees(at(requests, index)))
  if (stuck().length === 0) return replies
  while (stuck().length > 0 && makeRoom(connection, reserve)) await commitThose(stuck())
  // At once, before something else takes what was given and not used.
  reserve.keep(lengthOf(connection))
  return replies

  async function commitThose(indexes: readonly number[]): Promise<void> {
    if (indexes.length === 0) return
    const answers = await commitMerged(connection, table, indexes.map((index) => at(requests, index)))
    for (const [n, index] of indexes.entries()) replies[index] = at(answers, n)
  }
}

const pageCount = statement<{ page_count: number }>('pragma page_count')
const pageSize = 4096

/** Bytes of the database once its log is written back. */
function lengthOf(connection: SqliteConnection): number {
  return (connection.one(pageCount, [])?.page_count ?? 0) * pageSize
}

/** A log that was written back is written from its beginning again. Where that was not enough, more of the reserve must go. */
function makeRoom(connection: SqliteConnection, reserve: Reserve): boolean {
  if (!reserve.give()) return false
  while (!writeLogBack(connection)) if (!reserve.give()) break
  return true
}

/** Answers false when the database has no room to grow. Readers of an older state are not waited for. */
function writeLogBack(connection: SqliteConnection): boolean {
  try {
    connection.execute('pragma wal_checkpoint(passive)')
    return true
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'full') return false
    throw error
  }
}

const noRoom: WriteReply = Object.freeze({
  error: Object.freeze({ code: 'full', message: 'the disk is full: what is left of it is kept for deletes', fatal: false }),
})

function isFull(reply: WriteReply): boolean {
  return 'error' in reply && reply.error.code === 'full'
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error(`there is no ${index} in a list of ${list.length}`)
  return found
}
