import { artifactOf, emptyConfig, numberedBlob, openCrew, type RegistryClient } from '../load/index.ts'
import { besideBest, limit } from './goals.ts'
import type { Workload } from './workload.ts'

const repository = 'bench/artifacts'
const clients = 8
/** How many of the artifacts are read back. */
const samples = 100

/** U5: many small pushes, as signatures, SBOMs and charts are. */
export const smallArtifacts: Workload = {
  id: 'U5',
  title: 'Small artifacts, durable',
  what:
    `${clients} clients push artifacts into one repository, each over one connection: POST and PUT of a blob of 1 KiB that was ` +
    'never seen before, then PUT of a manifest under a tag of its own. Every answer is checked for its status and digest, and ' +
    `afterwards ${samples} of the artifacts are read back by tag and hashed. nginx takes no pushes; olareg syncs nothing.`,
  unit: 'artifact',
  cpuUnit: 'ms',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'distribution', 'docker-registry', 'zot'],
  tools: {},
  warmUp: 6,
  measured: 5,
  goals: [
    besideBest('cpuMicros', 1 / 4),
    besideBest('rate', 8),
    limit('rate', 1000, 'a second', 1),
    limit('cpuMicros', 1, 'ms', 1000),
  ],
  prepare: async (_, { port }) => {
    const crew = await openCrew(port, clients)
    await crew.first.pushBlob(repository, emptyConfig)
    let pushed = 0
    const push = async (client: RegistryClient): Promise<void> => {
      const number = pushed++
      const blob = numberedBlob(number)
      await client.pushBlob(repository, blob)
      await client.pushManifest(repository, `v${number}`, artifactOf([blob]).manifest)
    }
    return {
      run: async (seconds) => await crew.work(seconds, push),
      check: async () => await readBack(crew.first, pushed),
      close: crew.close,
    }
  },
}

async function readBack(client: RegistryClient, pushed: number): Promise<void> {
  const step = Math.max(1, Math.floor(pushed / samples))
  for (let number = 0; number < pushed; number += step) {
    const blob = numberedBlob(number)
    await client.checkManifest(repository, `v${number}`, artifactOf([blob]).manifest)
    await client.checkBlob(repository, blob)
  }
}
