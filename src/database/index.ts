export { bindDirectory } from './bind-directory.ts'
export { lookAtDataDirectory, openDataDirectory, type DataDirectory, type SeenDirectory } from './data-directory.ts'
export { DatabaseError, type Database, type DatabaseErrorCode, type DatabaseReader } from './database.ts'
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
export { inlineWriter, openSqliteDatabase, openSqliteReader, serveWriter, type WriterPort, type WriterThread } from './sqlite/index.ts'
export { openPostgresDatabase, openPostgresReader } from './postgres/index.ts'
