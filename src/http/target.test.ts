import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseTarget, queryValue, queryValues } from './target.ts'

describe('parseTarget', () => {
  test.each([
    ['http://host:5000/v2/', '/v2/', ''],
    ['http://[::1]:5000/v2/a/tags/list?n=1&last=b', '/v2/a/tags/list', 'n=1&last=b'],
    ['/v2/', '/v2/', ''],
    ['/v2/?x=http://evil/y', '/v2/', 'x=http://evil/y'],
    ['http://host/v2/a#b?c', '/v2/a', ''],
    ['http://host/v2/a?b#c', '/v2/a', 'b'],
    ['http://host/v2/a?', '/v2/a', ''],
    ['http://host/v2/a?b?c', '/v2/a', 'b?c'],
    ['host:443', '', ''],
    ['http://host', '', ''],
    ['', '', ''],
  ])('%s', (url, path, query) => {
    expect(parseTarget(url)).toEqual({ path, query })
  })

  test('agrees with URL', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
        const url = new URL(text)
        expect(parseTarget(url.href)).toEqual({ path: url.pathname, query: url.search.slice(1) })
      }),
    )
  })
})

describe('queryValues', () => {
  test.each([
    ['digest=sha256%3Aab', 'digest', ['sha256:ab']],
    ['tag=a&x=1&tag=b', 'tag', ['a', 'b']],
    ['t%61g=a', 'tag', ['a']],
    ['tag', 'tag', ['']],
    ['tag=', 'tag', ['']],
    ['tag=a=b', 'tag', ['a=b']],
    ['artifactType=application/x+json', 'artifactType', ['application/x+json']],
    ['last=%zz', 'last', ['%zz']],
    ['last=%ff', 'last', ['%ff']],
    ['tags=a', 'tag', []],
    ['', 'tag', []],
  ])('%s: %s', (query, name, values) => {
    expect(queryValues(query, name)).toEqual(values)
    expect(queryValue(query, name)).toEqual(values[0])
  })

  test('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (values) => {
        expect(queryValues(values.map((value) => `x=${encodeURIComponent(value)}`).join('&'), 'x')).toEqual(values)
      }),
    )
  })
})
