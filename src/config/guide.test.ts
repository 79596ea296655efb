import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { configurationGuide, guides } from './guide.ts'
import { keys } from './keys.ts'
import { configSchema } from './schema.ts'

test.each(guides)('$file is what the schema says; `bun src/config/guide.ts` writes it anew', ({ language, file }) => {
  expect(readFileSync(file, 'utf8')).toBe(configurationGuide(language))
})

test('every key is described in both languages, the English also where zod keeps it', () => {
  for (const { docs, path } of keys) {
    expect(docs.en, path).toMatch(/^[A-Z].*\.$/)
    expect(docs.zh, path).toMatch(/\p{Script=Han}.*。$/u)
  }
  expect(configSchema.shape.gc.shape.lease.description).toBe(keys.find(({ path }) => path === 'gc.lease')?.docs.en)
})
