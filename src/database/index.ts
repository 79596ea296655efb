export { bindDirectory } from './bind-directory.ts'
export { byChild } from './by-child.ts'
export { createPrivateFile, lockFolder, lookAtDataDirectory, openDataDirectory, type DataDirectory, type DirectoryUse, type SeenDirectory } from './data-directory.ts'
export { DatabaseError, type Database, type DatabaseErrorCode, type DatabaseReader, type Reads } from './database.ts'
export {
  dumpedTables,
  loadPostgres,
  loadSqlite,
  openPostgresSnapshot,
  openSqliteSnapshot,
  type DumpedTable,
  type Fill,
  type LastNumber,
  type LoadOptions,
  type LoadTarget,
  type Snapshot,
  type TableRows,
} from './dump/index.ts'
export { belongsElsewhere, newInstallation } from './installation.ts'
export { measuredDatabase } from './measured-database.ts'
export { newestSchema } from './migrations/index.ts'
export { openRestoringDirectory, type RestoringDirectory } from './restoring-directory.ts'
export { everyStatement, statement, type Statement, type Value } from './statement.ts'
export {
  transaction,
  transactionTable,
  type AnyTransaction,
  type Outcome,
  type Refusal,
  type Transaction,
  type TransactionTable,
  type Tx,
} from './transaction.ts'
export {
  createCommitCount,
  createReserve,
  inlineWriter,
  joinWriter,
  makeSqliteDatabase,
  openSqliteDatabase,
  openSqliteReader,
  serveWriter,
  writerAt,
  type WriterPort,
  type WriterThread,
} from './sqlite/index.ts'
export { makePostgresDatabase, openPostgresDatabase, openPostgresReader } from './postgres/index.ts'
