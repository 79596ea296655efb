import { expect, test } from 'bun:test'
import { createTurns } from './turns.ts'

test('so many run at once, so many wait, the others are turned away', async () => {
  const turns = createTurns({ atOnce: 2, waiting: 3, waitingFromOne: 3 })
  const [first, second] = [await turns.take('a'), await turns.take('a')]
  const started: string[] = []
  const wait = (name: string) => turns.take('b')?.then((release) => (started.push(name), release))
  const waiting = [wait('x'), wait('y'), wait('z')]
  expect(turns.take('c')).toBeUndefined()
  first?.()
  first?.()
  const x = await waiting[0]
  expect(started).toEqual(['x'])
  second?.()
  x?.()
  const [y, z] = [await waiting[1], await waiting[2]]
  expect(started).toEqual(['x', 'y', 'z'])
  y?.()
  z?.()
  const again = [turns.take('a'), turns.take('a')]
  expect(again.every((turn) => turn !== undefined)).toBe(true)
})

test('one that asks for many leaves turns for the others', async () => {
  const turns = createTurns({ atOnce: 1, waiting: 4, waitingFromOne: 2 })
  const release = await turns.take('flood')
  const flood = Array.from({ length: 100 }, () => turns.take('flood')).filter((turn) => turn !== undefined)
  expect(flood).toHaveLength(2)
  const other = turns.take('other')
  expect(other).toBeDefined()
  release?.()
  for (const turn of flood) (await turn)()
  ;(await other)?.()
  expect(turns.take('flood')).toBeDefined()
})
