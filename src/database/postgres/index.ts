export { makePostgresDatabase } from './new-postgres-database.ts'
export { openPostgresDatabase, openPostgresReader, type PostgresOptions } from './postgres-database.ts'
export { runTransaction, type RunOptions } from './run-transaction.ts'
export type { PostgresClient, PostgresQuery } from './client.ts'
