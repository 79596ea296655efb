import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeApiFiles } from './openapi.ts'

test.each([...writeApiFiles()])('%s is what the routes say; `bun tools/openapi.ts` writes it anew', (path, text) => {
  expect(readFileSync(join(import.meta.dir, '..', path), 'utf8')).toBe(text)
})
