import type { Rig } from './plant.ts'

export const world: Rig = { name: 'simulated world', file: 'simulation/world/world.test.ts', test: 'no promise is broken' }

export const model: Rig = { name: 'model', file: 'simulation/model/model.test.ts', test: 'the core answers what', seed: 1 }

/** A test of one part: of a suite that takes seconds. */
export const unit = (file: string, test: string): Rig => ({ name: 'unit', file, test })

/** Each call fails in one way; the seed says which call in which way. */
export const faults = (seed: number): Rig => ({
  name: 'fault loop',
  file: 'simulation/faults/faults.test.ts',
  test: 'each call of each scenario fails',
  seed,
})

/** One operation and all that come after it in the table, in every order of their statements. */
export const interleavings = (operation: string): Rig => ({
  name: 'interleavings',
  file: 'src/database/interleavings/interleavings.test.ts',
  test: `acknowledge: ${operation} with every other`,
  needs: 'postgres',
})

export const kill: Rig = { name: 'kill -9', file: 'simulation/kill/kill.test.ts', test: '100 kills -9 on SQLite', seed: 5 }

export const collection: Rig = {
  name: 'collection under load',
  file: 'simulation/collection/collection.test.ts',
  test: '8 writers beside the collector on SQLite',
  seed: 1,
}

export const powerCut: Rig = {
  name: 'power cut',
  file: 'simulation/power-cut/power-cut.test.ts',
  test: '20 power cuts on SQLite',
  seed: 1,
  needs: 'root',
}
