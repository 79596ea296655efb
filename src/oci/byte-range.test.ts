import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseRange } from './byte-range.ts'

describe('parseRange of 2048 bytes', () => {
  test.each([
    ['bytes=500-1499', 500, 1499],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=2000-5000', 2000, 2047],
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, 2047],
    ['bytes=2047-2047', 2047, 2047],
    ['bytes=-5000', 0, 2047],
    ['bytes=0-99999999999999999999999999', 0, 2047],
    [`bytes=-${'9'.repeat(400)}`, 0, 2047],
    ['Bytes=1-2', 1, 2],
    ['bytes= 1-2 ', 1, 2],
    ['bytes=0001-0002', 1, 2],
  ])('%.60s', (header, start, end) => {
    expect(parseRange(header, 2048)).toEqual({ kind: 'range', range: { start, end } })
  })

  const huge = `bytes=${'9'.repeat(400)}-`

  test.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0', huge])('%.60s is unsatisfiable', (header) => {
    expect(parseRange(header, 2048)).toEqual({ kind: 'unsatisfiable' })
  })

  const several = ['bytes=0-1,', 'bytes=,0-1', 'bytes=0-1,x', 'bytes=0-1;5-6', 'bytes=0-5,5-6', 'bytes=0-,-1', 'bytes=5-6,0-9', 'bytes=0-1,0-1']
  const otherUnits = ['lines=1-2', '1-2', 'bytes 0-1', 'bytes']
  const malformed = '= =- =a-b =1 =1-2-3 =--5 =0x1-2 =1.5-2 =1e1-2 =-1-2'.split(' ').map((rest) => `bytes${rest}`)

  test.each([null, '', ...several, ...otherUnits, ...malformed])('%p is ignored', (header) => {
    expect(parseRange(header, 2048)).toEqual({ kind: 'whole' })
  })
})

describe('several ranges', () => {
  test.each([
    ['bytes=0-1,5-6', ['0-1', '5-6']],
    ['bytes=0-1 , 2-2', ['0-1', '2-2']],
    ['bytes=100-, 0-99', ['100-2047', '0-99']],
    ['bytes=0-0,-1', ['0-0', '2047-2047']],
    ['bytes=9-0, 7-7, 5000-, 8-8, -0', ['7-7', '8-8']],
  ])('%s', (header, expected) => {
    const answer = parseRange(header, 2048)
    expect(answer.kind === 'ranges' && answer.ranges.map(({ start, end }) => `${start}-${end}`)).toEqual(expected)
  })

  test('one that is left is one range, and none is unsatisfiable', () => {
    expect(parseRange('bytes=1-2,3000-', 2048)).toEqual({ kind: 'range', range: { start: 1, end: 2 } })
    expect(parseRange('bytes=9-0,3000-', 2048)).toEqual({ kind: 'unsatisfiable' })
  })

  test('as many as containers/storage asks for, and not one more', () => {
    const header = (count: number) => `bytes=${Array.from({ length: count }, (_, n) => `${n * 2}-${n * 2}`).join(',')}`
    const answer = parseRange(header(1024), 10_000)
    expect(answer.kind === 'ranges' && answer.ranges.length).toBe(1024)
    expect(parseRange(header(1025), 10_000)).toEqual({ kind: 'whole' })
  })

  test('never name a byte twice', () => {
    const item = fc.tuple(fc.option(fc.nat(60), { nil: '' }), fc.option(fc.nat(60), { nil: '' })).map(([first, last]) => `${first}-${last}`)
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 6 }), fc.nat(50), (items, size) => {
        const answer = parseRange(`bytes=${items.join(',')}`, size)
        if (answer.kind !== 'ranges') return
        const named = answer.ranges.flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, n) => start + n))
        expect(new Set(named).size).toBe(named.length)
        expect(Math.max(...named)).toBeLessThan(size)
      }),
    )
  })
})

test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0', 'bytes=5-9', null])('%p of no bytes is the whole', (header) => {
  expect(parseRange(header, 0)).toEqual({ kind: 'whole' })
})

test('a range lies inside the object and is never empty', () => {
  const number = fc.option(fc.nat(3000), { nil: undefined })
  fc.assert(
    fc.property(number, number, fc.nat(2500), (first, last, size) => {
      const answer = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, size)
      if (answer.kind !== 'range') return
      const { start, end } = answer.range
      expect(start).toBeWithin(0, end + 1)
      expect(end).toBeWithin(start, size)
      if (first === undefined) return expect(end - start + 1).toBe(Math.min(last ?? 0, size))
      expect(start).toBe(first)
      expect(end).toBe(Math.min(last ?? size, size - 1))
    }),
  )
})

test('a hostile header costs no time', () => {
  const start = performance.now()
  for (const [before, repeated, after] of [['bytes=', ' ', 'x'], ['', ' ', 'x'], ['bytes=', '1', ''], ['bytes=', ',', '']] as const) {
    const header = `${before}${repeated.repeat(1_000_000)}${after}`
    expect(parseRange(header, 10)).toEqual({ kind: 'whole' })
  }
  // The square of the length would be minutes.
  expect(performance.now() - start).toBeLessThan(5_000)
})
