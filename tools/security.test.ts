import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const text = readFileSync(join(root, 'docs/security.md'), 'utf8')

interface Row {
  readonly id: string
  readonly does: string
  readonly tests: string
}

const rows: readonly Row[] = text.split('\n').flatMap((line) => {
  const [id = '', , does = '', tests = ''] = line.split('|').slice(1).map((cell) => cell.trim())
  return /^S\d\d$/.test(id) ? [{ id, does, tests }] : []
})

/** Files in backquotes, each followed by the title of a test or a group in quotes. */
const named = (part: string): [file: string, title: string][] => [...part.matchAll(/`([^`\s]+\.test\.ts)` "(.*?)"(?=[;)|\s]|$)/g)].map(([, file = '', title = '']) => [file, title])

/** Whether a test or a group of that title is in the source. `…` stands for what is filled in, a seed at the end for nothing. */
function hasTitle(source: string, title: string): boolean {
  const text = title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '\\$\\{[^}]*\\}')
  const plain = source.replaceAll(/\\([`'])/g, '$1')
  return [`'${text}'`, `"${text}"`, `\`${text}(?:(?:,? \\(?seed )?\\$\\{[^\`]*)?\``].some((form) => new RegExp(`\\(\\s*${form}`).test(plain))
}

test('the table has each failure once', () => {
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 38 }, (_, at) => `S${String(at + 1).padStart(2, '0')}`))
})

test.each(rows.map((row) => [row.id, row] as const))('%s names tests that are there, or what brings it', (_, { does, tests }) => {
  if (named(tests).length === 0) expect([does, tests]).toEqual([expect.stringMatching(/yet: comes? with /), ''])
})

test('each test that the page names is there', () => {
  const missing = named(text).filter(([file, title]) => !existsSync(join(root, file)) || !hasTitle(readFileSync(join(root, file), 'utf8'), title))
  expect(missing).toEqual([])
  // Nothing that looks like one is passed over.
  expect(named(text)).toHaveLength(text.match(/\w\.test\.ts` "/g)?.length ?? 0)
})
