import type { RegistrySettings } from '../../src/registry/index.ts'
import { createRandom } from '../rig/random.ts'

const minute = 60_000
const hour = 60 * minute

/** Whether a seed has a trash, and for how long; how long it keeps manifests that nothing names. The rest is the same in all of them. */
export function settingsOf(seed: number, same: RegistrySettings): RegistrySettings {
  const random = createRandom(seed, 'settings')
  const retention = random.chance(0.5) ? 0 : random.pick([20 * minute, 20 * minute, 90 * minute, 6 * hour])
  const untagged = random.pick([undefined, undefined, 0, 2 * hour])
  return { ...same, retention, untagged }
}
