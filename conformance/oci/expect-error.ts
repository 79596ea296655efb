import { expect } from 'bun:test'
import { jsonOf, type Answer } from './client.ts'

/** Expects an error of the specification's form, all its entries of one code. */
export function expectError(answer: Answer, status: number, code: string): void {
  const { errors } = jsonOf(answer) as { errors: { code: string }[] }
  expect([answer.status, ...new Set(errors.map((error) => error.code))]).toEqual([status, code])
}
