import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quirks as rows } from '../rows/quirks.ts'
import { quirks } from './quirks.ts'

describe('known quirks of clients', () => {
  test('each is shown by a test that is there, or says why it is not', () => {
    for (const row of quirks) {
      if ('untested' in row) expect(row.untested.length).toBeGreaterThan(20)
      else expect(row.shown.length).toBeGreaterThan(0)
    }
    const shown = quirks.flatMap((one) => ('shown' in one ? one.shown : []))
    for (const one of shown) {
      if ('row' in one) expect(Object.keys(rows)).toContain(one.row)
      else expect([one, readFileSync(join(import.meta.dir, one.file), 'utf8').includes(`('${one.test}'`)]).toEqual([one, true])
    }
  })

  test('no two rows are the same', () => {
    const rows = quirks.map(({ of, quirk }) => `${of}: ${quirk}`)
    expect(new Set(rows).size).toBe(rows.length)
  })

  test('no client is tested that no row is about', () => {
    const shown = quirks.flatMap((one) => ('shown' in one ? one.shown : []))
    const files = new Set(shown.flatMap((one) => ('file' in one ? [one.file] : [])))
    const own = ['quirks', 'request-heads', 'guide', 'buildah'].map((name) => `${name}.test.ts`)
    const tests = readdirSync(import.meta.dir).filter((name) => name.endsWith('.test.ts'))
    expect(tests.filter((name) => !files.has(name) && !own.includes(name))).toEqual([])
  })
})
