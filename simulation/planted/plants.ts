import { access } from './access.ts'
import { collecting } from './collecting.ts'
import { jobs } from './jobs.ts'
import { keeping } from './keeping.ts'
import { lifecycle } from './lifecycle.ts'
import type { Plant } from './plant.ts'
import { pushing } from './pushing.ts'
import { undoing } from './undoing.ts'

/** All of them, each with the cheapest test that finds it. */
export const plants: readonly Plant[] = [...pushing, ...keeping, ...access, ...collecting, ...undoing, ...jobs, ...lifecycle]
