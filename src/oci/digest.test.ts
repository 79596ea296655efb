import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { createHasher, digestAlgorithm, digestBytes, digestHex, isDigest, parseDigest, parseDigestAlgorithm } from './digest.ts'
import { RegistryError } from './errors.ts'
import { caught } from './caught.testing.ts'

const a64 = 'a'.repeat(64)
const hex = (length: number) => fc.stringMatching(new RegExp(`^[a-f0-9]{${length}}$`))

describe('parseDigest', () => {
  test('takes sha256 and sha512 apart', () => {
    const parts = fc.oneof(fc.tuple(fc.constant('sha256'), hex(64)), fc.tuple(fc.constant('sha512'), hex(128)))
    fc.assert(
      fc.property(parts, ([algorithm, digits]) => {
        const digest = parseDigest(`${algorithm}:${digits}`)
        expect(String(digest)).toBe(`${algorithm}:${digits}`)
        expect([String(digestAlgorithm(digest)), digestHex(digest)]).toEqual([algorithm, digits])
      }),
    )
  })

  test.each([
    ['', /is not a digest/],
    ['sha256', /is not a digest/],
    ['sha256:', /exactly 64 lower-case/],
    [`sha256:${a64.slice(1)}`, /exactly 64 lower-case/],
    [`sha256:${a64}a`, /exactly 64 lower-case/],
    [`sha256:${a64.toUpperCase()}`, /exactly 64 lower-case/],
    [`sha256:${a64}\n`, /exactly 64 lower-case/],
    [`sha256:${'g'.repeat(64)}`, /exactly 64 lower-case/],
    ['sha256:totallywrong', /exactly 64 lower-case/],
    ['sha256:../../../../etc/passwd', /exactly 64 lower-case/],
    [`sha256:${a64}\0`, /exactly 64 lower-case/],
    [`sha512:${a64}`, /exactly 128 lower-case/],
    [`SHA256:${a64}`, /is not a digest/],
    [`${a64}:sha256`, /"a+" is not supported: this registry stores sha256 and sha512/],
    [` sha256:${a64}`, /is not a digest/],
    [`sha256-${a64}`, /is not a digest/],
    [`:${a64}`, /is not a digest/],
    [`blake3:${a64}`, /"blake3" is not supported: this registry stores sha256 and sha512/],
    ['md5:d41d8cd98f00b204e9800998ecf8427e', /"md5" is not supported/],
    ['multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8', /"multihash\+base58" is not supported/],
  ])('refuses %p', (text, message) => {
    const error = caught(() => parseDigest(text))
    expect(error).toBeInstanceOf(RegistryError)
    expect(error.code).toBe('DIGEST_INVALID')
    expect(error.message).toMatch(message)
    expect(isDigest(text)).toBe(false)
  })

  test('a hostile text costs neither time nor a long answer', () => {
    const hostile = ['a+'.repeat(500_000), `${'a.'.repeat(500_000)}:`, ':'.repeat(1_000_000), `${'a-'.repeat(250)}!`]
    hostile.push(`sha256:${'a'.repeat(4_000_000)}`)
    const start = performance.now()
    for (const text of hostile) {
      const error = caught(() => parseDigest(text))
      expect(error.message.length + JSON.stringify(error.detail).length).toBeLessThan(600)
    }
    // The square of the length would be many minutes.
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('any text is a digest or DIGEST_INVALID', () => {
    const alike = fc.string({ unit: fc.constantFrom('s', 'h', 'a', '2', '5', '6', ':', '+', '\n', 'A') })
    fc.assert(
      fc.property(fc.oneof(fc.string(), alike), (text) => {
        if (isDigest(text)) expect(String(parseDigest(text))).toBe(text)
        else expect(caught(() => parseDigest(text)).code).toBe('DIGEST_INVALID')
      }),
    )
  })
})

describe('hashing', () => {
  test('the same digest in one piece, in many, and from the reference', () => {
    const algorithms = fc.constantFrom('sha256' as const, 'sha512' as const)
    fc.assert(
      fc.property(algorithms, fc.array(fc.uint8Array({ maxLength: 300 })), (algorithm, chunks) => {
        const hasher = createHasher(algorithm)
        for (const chunk of chunks) hasher.update(chunk)
        const bytes = Buffer.concat(chunks)
        const expected = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
        expect([String(hasher.digest()), String(digestBytes(bytes, algorithm))]).toEqual([expected, expected])
      }),
    )
  })

  test('known answers', () => {
    const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(String(createHasher('sha256').digest())).toBe(empty)
    const braces = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
    expect(String(digestBytes(new TextEncoder().encode('{}'), 'sha256'))).toBe(braces)
  })
})

test('algorithms by name', () => {
  expect([parseDigestAlgorithm('sha256'), parseDigestAlgorithm('sha512')]).toEqual(['sha256', 'sha512'])
  for (const text of ['', 'sha1', 'SHA256', 'sha256 ']) {
    expect(caught(() => parseDigestAlgorithm(text)).code).toBe('DIGEST_INVALID')
  }
})
