import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { codes, textOf, type FindingLanguage } from './finding-texts.ts'

const pages: readonly (readonly [FindingLanguage, string])[] = [
  ['en', '../../../docs/guide/check.md'],
  ['zh-CN', '../../../docs/guide/zh-CN/check.md'],
]

test.each(pages)('the guide in %s lists every code with its texts', (language, page) => {
  const guide = readFileSync(new URL(page, import.meta.url), 'utf8')
  const rows = codes.map((code) => `| \`${code}\` | ${textOf(code, language).what} | ${textOf(code, language).next} |\n`)
  expect(guide).toEndWith(rows.join(''))
})
