import { artifactOf, emptyConfig, type LargeBlob, largeBlob, openCrew, openRegistryClient, pushWhole, readLarge, wholeOf } from '../load/index.ts'
import type { RunningSystem, System } from '../systems/index.ts'
import { beside } from './goals.ts'
import { everySystem, repository } from './image.ts'
import type { Load, Workload } from './workload.ts'

/** B2: the layer of the middle. */
export const middleBlob: Workload = {
  id: 'B2',
  title: 'Blob GET, 1 MB',
  what: '16 clients of our own, each over one connection, ask for one blob of 1 MB and compare every byte that comes.',
  unit: 'GB',
  cpuUnit: 's',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: {},
  warmUp: 1,
  measured: 3,
  goals: [beside('zot', 'cpuMicros', 1 / 2.5), beside('nginx', 'cpuMicros', 1.3)],
  prepare: async (system, server, scale) => await pullOf(system, server, largeBlob(0, scale(1_000_000)), () => 16),
}

async function pullOf(
  system: System,
  server: RunningSystem,
  blob: LargeBlob,
  connections: (part: string) => number,
): Promise<Load> {
  await holdLarge(system, server, blob)
  let close = (): void => {}
  return {
    run: async (seconds, part) => {
      const crew = await openCrew(server.port, connections(part))
      close = crew.close
      try {
        const work = await crew.work(seconds, async (client) => await readLarge(client, repository, blob))
        return { ...work, done: (work.done * blob.size) / 1e9 }
      } finally {
        crew.close()
      }
    },
    check: () => Promise.resolve(),
    close: () => close(),
  }
}

/** nginx is handed a file; registries are pushed to. */
export async function holdLarge(system: System, { place, port }: RunningSystem, blob: LargeBlob): Promise<void> {
  if (system.id === 'nginx') return await system.hold(place, repository, { ...artifactOf([]), blobs: [emptyConfig, wholeOf(blob)] })
  const client = await openRegistryClient(port)
  try {
    await pushWhole(client, repository, blob)
  } finally {
    client.close()
  }
}
