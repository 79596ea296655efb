import { berth } from './berth.ts'
import { dockerRegistry } from './docker-registry.ts'
import { nginx } from './nginx.ts'
import type { System } from './system.ts'

export { type RunningSystem, startSystem } from './start-system.ts'
export type { Place, System, SystemId } from './system.ts'
export { versionOf } from './version.ts'

/** In the order of tables and charts. */
export const systems: readonly System[] = [berth, nginx, dockerRegistry]
