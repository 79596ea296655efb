import { expect, test } from 'bun:test'
import { createDecided } from './decided.ts'

/** Turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise(setImmediate)
}

/** Changes of rights, each refused when another one came since it was decided. */
function changes() {
  let version = 0
  const decided = createDecided(() => version)
  const change = (time: number) =>
    decided(async (decidedAt) => {
      await turns(time)
      if (decidedAt !== version) throw Object.assign(new Error('moved'), { code: 'RIGHTS_MOVED' })
      return ++version
    })
  return { change, version: () => version }
}

test('a change that has much to decide comes to its end beside quick ones that never rest', async () => {
  const { change, version } = changes()
  let isOver = false
  const quick = Array.from({ length: 7 }, async () => {
    let made = 0
    while (!isOver) {
      await change(1)
      made++
    }
    return made
  })
  for (let round = 0; round < 5; round++) await change(40)
  isOver = true
  const made = await Promise.all(quick)
  expect(version()).toBe(made.reduce((sum, count) => sum + count, 5))
  expect(Math.min(...made)).toBeGreaterThan(0)
})

test('what others change without an end is refused with the time to try again', async () => {
  let version = 0
  const decided = createDecided(() => version)
  const attempt = decided(() => {
    version++
    return Promise.reject(Object.assign(new Error('moved'), { code: 'RIGHTS_MOVED' }))
  })
  await expect(attempt).rejects.toMatchObject({ code: 'unavailable' })
  expect(version).toBe(21)
  expect(await decided((decidedAt) => Promise.resolve(decidedAt))).toBe(21)
})
