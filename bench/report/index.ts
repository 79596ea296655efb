export { goalLine } from './goals.ts'
export { record } from './record.ts'
export { plainTable, rowsOf } from './rows.ts'
