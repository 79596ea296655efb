import { describe, expect, test } from 'bun:test'
import { formatPathPattern, matchesPath, parsePathPattern, pathBelow } from './path-pattern.ts'

const read = (text: string) => {
  const pattern = parsePathPattern(text)
  if (pattern === undefined) throw new Error(`"${text}" was not read`)
  return pattern
}

describe('a pattern of repositories', () => {
  test.each([
    ['*', ['', 'app', 'web/app', 'a/b/c'], []],
    ['web/*', ['web/app', 'web/a/b'], ['', 'web', 'web-app', 'webs/app', 'a/web/app']],
    ['web-*', ['web-app', 'web-a/b'], ['web', 'web/app', 'web_app']],
    ['web*', ['web', 'web/app', 'website'], ['we', 'a/web']],
    ['web/app', ['web/app'], ['web/app2', 'web', 'web/app/x', '']],
    ['', [''], ['app', 'web/app']],
  ])('"%s" matches what it says and nothing else', (text, matching, others) => {
    for (const path of matching) expect([path, matchesPath(read(text), path)]).toEqual([path, true])
    for (const path of others) expect([path, matchesPath(read(text), path)]).toEqual([path, false])
    expect(formatPathPattern(read(text))).toBe(text)
  })

  test.each([
    '**', '*/app', 'a*b', 'web/**', '/web', 'web/', '//*', '/*', 'Web/*', 'web app', 'wéb', 'web\u0000', '%*', '.*', '-*', 'a..b', '../*', '?',
    'a'.repeat(256), `${'a'.repeat(255)}*`,
  ])('"%s" is none', (text) => {
    expect(parsePathPattern(text)).toBeUndefined()
  })
})

test('the path of a repository begins below its project', () => {
  expect(['team', 'team/app', 'team/web/app'].map(pathBelow)).toEqual(['', 'app', 'web/app'])
})
