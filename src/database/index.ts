export { bindDirectory } from './bind-directory.ts'
export { openDataDirectory, type DataDirectory } from './data-directory.ts'
export { DatabaseError, type Database, type DatabaseErrorCode } from './database.ts'
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
export { inlineWriter, openSqliteDatabase, serveWriter, type WriterPort, type WriterThread } from './sqlite/index.ts'
export { openPostgresDatabase } from './postgres/index.ts'
