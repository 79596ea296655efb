export { goalLine } from './goals.ts'
export { readRecorded, record } from './record.ts'
export { plainTable, rowsOf } from './rows.ts'
