import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSeededIds, systemIds } from './ids.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const ordered = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const object = /^[0-9a-f]{32}$/

for (const [name, ids] of [['system', systemIds] as const, ['seeded', createSeededIds(1)] as const]) {
  describe(`${name} ids`, () => {
    test('have their form', () => {
      for (let i = 0; i < 200; i++) {
        expect(ids.uuid()).toMatch(uuid)
        expect(ids.object()).toMatch(object)
        expect(ids.ordered()).toMatch(ordered)
      }
    })

    test('are in order where that is asked for', () => {
      const taken = Array.from({ length: 5000 }, () => ids.ordered())
      expect(taken).toEqual(taken.toSorted())
    })

    test('do not repeat', () => {
      const seen = new Set(Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? ids.object() : ids.uuid())))
      expect(seen.size).toBe(5000)
    })
  })
}

test('a seed gives the same ids each time, and no other seed gives any of them', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
      fc.pre(one !== other)
      const take = (seed: number): string[] => {
        const ids = createSeededIds(seed)
        return [ids.object(), ids.uuid(), ids.object()]
      }
      expect(take(one)).toEqual(take(one))
      expect(take(other).filter((id) => take(one).includes(id))).toEqual([])
    }),
  )
})

test('neighbouring seeds do not give shifted streams', () => {
  const streams = [0, 1, 2, 3].map((seed) => {
    const ids = createSeededIds(seed)
    return Array.from({ length: 500 }, () => ids.object())
  })
  expect(new Set(streams.flat()).size).toBe(2000)
})
