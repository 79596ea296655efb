// bun simulation/world/replay.ts SEED: one seed of the simulation again, and what it did.
import { runSeed } from './run-seed.ts'

const seed = Number(process.argv[2])
if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error('usage: bun simulation/world/replay.ts SEED')
  process.exit(2)
}
try {
  console.log(JSON.stringify(await runSeed(seed), undefined, 2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
