import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { guides } from './guide.ts'
import { keys } from './keys.ts'
import { configSchema } from './schema.ts'

test.each(guides)('the guide $name is what the tables say; `bun src/config/guide.ts` writes it anew', ({ file, write }) => {
  expect(readFileSync(file, 'utf8')).toBe(write())
})

test('every key is described in both languages, the English also where zod keeps it', () => {
  for (const { docs, path } of keys) {
    expect(docs.en, path).toMatch(/^[A-Z].*\.$/)
    expect(docs.zh, path).toMatch(/\p{Script=Han}.*。$/u)
  }
  expect(configSchema.shape.gc.shape.lease.description).toBe(keys.find(({ path }) => path === 'gc.lease')?.docs.en)
})
