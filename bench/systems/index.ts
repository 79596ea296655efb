import { bare } from './bare.ts'
import { berth } from './berth.ts'
import { distribution } from './distribution.ts'
import { dockerRegistry } from './docker-registry.ts'
import { nginx } from './nginx.ts'
import { olareg } from './olareg.ts'
import type { System } from './system.ts'
import { zot } from './zot.ts'

export { berth } from './berth.ts'
export { describeSystem } from './describe-system.ts'
export { pushArtifact } from './push-artifact.ts'
export { type RunningSystem, startSystem } from './start-system.ts'
export { limits, type Login, type Place, type System, type SystemId } from './system.ts'
export { versionOf } from './version.ts'

/** In the order of tables and charts. */
export const systems: readonly System[] = [berth, nginx, bare, distribution, dockerRegistry]

/** Those that are only measured where somebody gives a binary, by the flag that names its path. */
export const givenSystems: Readonly<Record<'zot' | 'olareg', (path: string) => System>> = { zot, olareg }
