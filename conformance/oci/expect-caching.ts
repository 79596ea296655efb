import { expect } from 'bun:test'
import type { Answer } from './answer.ts'
import type { Client } from './client.ts'

/** Expects what Berth tells caches: `open` of what anybody may pull. What takes a login no cache may keep. */
export function expectCaching(client: Client, answer: Answer, open: string): void {
  expect(client.login ? [open, 'private, no-store'] : [open]).toContain(answer.headers.get('cache-control') ?? '')
}
