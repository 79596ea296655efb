export { type DiscardedRow, discardedRow, endLeases, moveTime, writeMoves, writeTrash } from './rows.ts'
