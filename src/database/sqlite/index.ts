export { openSqliteDatabase, openSqliteReader, type SqliteOptions } from './sqlite-database.ts'
export { inlineWriter } from './inline-writer.ts'
export { serveWriter, type WriterPort } from './writer-thread.ts'
export type { WriterThread } from './writer-client.ts'
