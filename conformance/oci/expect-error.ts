import { expect } from 'bun:test'
import type { Answer } from './answer.ts'
import { jsonOf, type Client } from './client.ts'

/** Expects an error of the specification's form, all its entries of one code. */
export function expectError(answer: Answer, status: number, code: string): void {
  const { errors } = jsonOf(answer) as { errors: { code: string }[] }
  expect([answer.status, ...new Set(errors.map((error) => error.code))]).toEqual([status, code])
}

/** Expects a status of a refusal; of Berth the code too. Any registry may have codes and words of its own. */
export function expectRefused(client: Client, answer: Answer, status: number, code: string): void {
  if (client.holdsTo('berth')) expectError(answer, status, code)
  else expect(answer.status).toBe(status)
}
