import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLru } from './lru.ts'

describe('least recently used', () => {
  test('forgets what was not used for longest', () => {
    const lru = createLru<string, number>({ capacity: 2 })
    lru.set('a', 1)
    lru.set('b', 2)
    expect(lru.get('a')).toBe(1)
    lru.set('c', 3)
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.size]).toEqual([1, undefined, 3, 2])
  })

  test('forgets as many as a heavy value needs', () => {
    const lru = createLru<string, string>({ capacity: 10, weigh: (text) => text.length })
    for (const key of ['a', 'b', 'c']) lru.set(key, 'xxx')
    lru.set('d', 'xxxxxxx')
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.get('d')]).toEqual([undefined, undefined, 'xxx', 'xxxxxxx'])
  })

  test('does not keep what is heavier than everything allowed, and drops what stood there', () => {
    const lru = createLru<string, string>({ capacity: 3, weigh: (text) => text.length })
    lru.set('other', 'x')
    lru.set('a', 'x')
    lru.set('a', 'xxxx')
    expect([lru.get('a'), lru.get('other'), lru.size]).toEqual([undefined, 'x', 1])
  })

  test('counts weightless values, so that they are bounded too', () => {
    const lru = createLru<number, string>({ capacity: 5, weigh: () => 0 })
    for (let i = 0; i < 100; i++) lru.set(i, '')
    expect(lru.size).toBe(5)
  })

  test('keeps nothing whose weight is not a number', () => {
    const lru = createLru<number, string>({ capacity: 5, weigh: () => Number.NaN })
    lru.set(1, '')
    expect(lru.size).toBe(0)
  })
})

type Step = { readonly kind: 'get' | 'set' | 'delete' | 'clear'; readonly key: number; readonly value: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('get', 'get', 'set', 'set', 'set', 'set', 'set', 'set', 'delete', 'delete', 'clear'),
    key: fc.nat(8),
    value: fc.nat(6),
  }),
  { maxLength: 100 },
)

test('behaves as a plain list kept in order of use does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 15 }), steps, (capacity, moves) => {
      const lru = createLru<number, number>({ capacity, weigh: (value) => value })
      let model: { key: number; value: number }[] = []
      for (const { kind, key, value } of moves) {
        const found = model.find((entry) => entry.key === key)
        const others = model.filter((entry) => entry.key !== key)
        if (kind === 'get') {
          expect(lru.get(key)).toBe(found?.value)
          if (found !== undefined) model = [...others, found]
        }
        if (kind === 'delete') {
          expect(lru.delete(key)).toBe(found !== undefined)
          model = others
        }
        if (kind === 'clear') {
          lru.clear()
          model = []
        }
        if (kind === 'set') {
          lru.set(key, value)
          const weigh = (): number => model.reduce((sum, entry) => sum + Math.max(1, entry.value), 0)
          model = value > capacity ? others : [...others, { key, value }]
          while (weigh() > capacity) model.shift()
        }
        expect(lru.size).toBe(model.length)
      }
    }),
  )
})
