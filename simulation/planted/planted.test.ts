import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../rig/random.ts'
import { edited } from '../rig/edited-program.ts'
import { drill } from './drill.ts'
import type { Plant } from './plant.ts'
import { plants } from './plants.ts'
import { model, unit, world } from './rigs.ts'

// Four of those that are caught within seconds; which, depends on the seed. All of them: npm run soak -- planted
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const root = join(import.meta.dir, '..', '..')

const named = plants.map((plant) => [plant.name, plant] as const)

describe('a planted bug', () => {
  test('has a name of its own, and there are at least twenty', () => {
    expect(new Set(plants.map(({ name }) => name)).size).toBe(plants.length)
    expect(plants.length).toBeGreaterThanOrEqual(20)
  })

  test.each(named)('fits the source: %s', (_, { edits }) => {
    for (const edit of edits) expect(edited(edit)).not.toBe(readFileSync(join(root, edit.file), 'utf8'))
  })

  test.each(named)('breaks an invariant of docs/design/data.md: %s', (_, { invariant }) => {
    const [, list = ''] = readFileSync(join(root, 'docs/design/data.md'), 'utf8').split('## Twelve invariants')
    expect(list).toMatch(new RegExp(`^${invariant}\\. `, 'm'))
  })

  test.each(named)('is left to a test that there is: %s', (_, { caughtBy: { rig } }) => {
    const text = readFileSync(join(root, rig.file), 'utf8')
    for (const part of rig.test.split(/: .* with /)) expect(text).toContain(part)
  })
})

test.each(chosen().map((plant) => [plant.name, plant] as const))(
  `is caught by a test that knows nothing of it (seed ${seed}): %s`,
  async (_, plant) => {
    expect(await drill(plant, undefined)).not.toHaveProperty('miss')
  },
  300_000,
)

function chosen(): Plant[] {
  const random = createRandom('planted', seed)
  const quick = plants.filter(({ caughtBy: { rig }, slow }) => slow !== true && [model.name, world.name].includes(rig.name))
  const three = Array.from({ length: 3 }, () => quick.splice(random.below(quick.length), 1)).flat()
  return [...three, random.pick(plants.filter(({ caughtBy: { rig } }) => rig.name === unit.name))]
}
