import { createReserve, serveWriter, type WriterPort } from './database/index.ts'
import { transactions } from './transactions.ts'

// Entry of the thread that alone writes to SQLite. `self` is the thread's end of the message port.
declare const self: unknown

serveWriter(self as WriterPort, transactions, createReserve)
