import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { nearest } from './nearest.ts'

const keys = ['listen', 'data', 'open', 'storage', 'database', 'logging', 'maxManifestSize']

describe('nearest', () => {
  test.each([
    ['listn', 'listen'],
    ['lsiten', 'listen'],
    ['LISTEN', 'listen'],
    ['opne', 'open'],
    ['databse', 'database'],
    ['maxManifestSzie', 'maxManifestSize'],
    ['date', 'data'],
  ])('%s means %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant)
  })

  test.each(['', 'x', 'zz', 'replication', 'tls', 'dtaabsaeee', 'x'.repeat(100_000)])('%.20s means none of them', (word) => {
    expect(nearest(word, keys)).toBeUndefined()
  })

  test('the first of equals wins, and a better one beats it', () => {
    expect(nearest('cat', ['bat', 'rat'])).toBe('bat')
    expect(nearest('storages', ['storage', 'storages'])).toBe('storages')
  })

  test('one mistake in a word of three letters or more is forgiven', () => {
    const word = fc.stringMatching(/^[a-z]{3,20}$/)
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('drop', 'swap', 'change', 'add'), (meant, place, mistake) => {
        const at = place % (meant.length - 1)
        const [head, tail] = [meant.slice(0, at), meant.slice(at)]
        const typed = {
          drop: head + tail.slice(1),
          swap: head + (tail[1] ?? '') + (tail[0] ?? '') + tail.slice(2),
          change: `${head}#${tail.slice(1)}`,
          add: `${head}#${tail}`,
        }[mistake]
        expect(nearest(typed, [meant])).toBe(meant)
      }),
    )
  })
})
