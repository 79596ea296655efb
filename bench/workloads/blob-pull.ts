import {
  artifactOf,
  emptyConfig,
  type LargeBlob,
  largeBlob,
  openCrew,
  openRegistryClient,
  pushWhole,
  readLarge,
  wholeOf,
} from '../load/index.ts'
import type { RunningSystem, System } from '../systems/index.ts'
import { beside, besideBest } from './goals.ts'
import { everySystem, repository } from './image.ts'
import type { Load, Workload } from './workload.ts'

const [mebibyte, quarter] = ['1 MiB', '256 KiB'] as const

/** B2: the layer of the middle. */
export const middleBlob: Workload = {
  id: 'B2',
  title: 'Blob GET, 1 MB',
  what:
    '16 clients of our own, each over one connection, ask for one blob of 1 MiB and then for one of 256 ' +
    'KiB, as most layers are below ' +
    'a megabyte, and compare every byte that comes.',
  parts: [{ name: mebibyte }, { name: quarter }],
  unit: 'GB',
  cpuUnit: 's',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: {},
  warmUp: 4,
  measured: 3,
  goals: [mebibyte, quarter].flatMap((part) => [
    beside('zot', 'cpuMicros', 1 / 2.5, part),
    beside('nginx', 'cpuMicros', 1.3, part),
  ]),
  prepare: async (system, server) =>
    await pullOf(system, server, {
      [mebibyte]: { blob: largeBlob(0, 2 ** 20), connections: 16 },
      [quarter]: { blob: largeBlob(0, 2 ** 18), connections: 16 },
    }),
}

const [one, eight] = ['1 connection', '8 connections'] as const

/** B3: the layer that takes the time. */
export const largeBlobs: Workload = {
  id: 'B3',
  title: 'Blob GET, 256 MB',
  what:
    'One client of our own and then eight, each over one connection, ask for one blob of 256 MB and compare every byte that ' +
    'comes.',
  parts: [{ name: one }, { name: eight }],
  unit: 'GB',
  cpuUnit: 's',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: {},
  warmUp: 4,
  measured: 3,
  goals: [one, eight].flatMap((part) => [
    beside('zot', 'cpuMicros', 1, part),
    beside('nginx', 'cpuMicros', 1.4, part),
    beside('nginx', 'rate', 0.95, part),
  ]),
  prepare: async (system, server, scale) => {
    const blob = largeBlob(0, scale(256_000_000))
    return await pullOf(system, server, { [one]: { blob, connections: 1 }, [eight]: { blob, connections: 8 } })
  },
}

/** B5: as clients beyond this machine get it. */
export const blobsOverTls: Workload = {
  ...largeBlobs,
  id: 'B5',
  title: 'Blob GET, 256 MB, over TLS 1.3',
  what:
    'As B3, over TLS 1.3 with an ECDSA certificate (P-256), which the configurations below get in addition. olareg is not ' +
    'measured.',
  systems: everySystem.filter((id) => id !== 'olareg'),
  tools: { openssl: 'apt-get install openssl' },
  tls: true,
  goals: [one, eight].flatMap((part) => [besideBest('rate', 1, part), beside('nginx', 'rate', 0.8, part)]),
}

/** What is asked for in each part, and how many ask. */
type Pulled = Readonly<Record<string, { readonly blob: LargeBlob; readonly connections: number }>>

async function pullOf(system: System, server: RunningSystem, pulled: Pulled): Promise<Load> {
  for (const blob of new Set(Object.values(pulled).map(({ blob: used }) => used))) await holdLarge(system, server, blob)
  let close = (): void => {}
  return {
    run: async (seconds, part) => {
      const asked = pulled[part]
      if (asked === undefined) throw new Error(`no part is named ${part}`)
      const { blob, connections } = asked
      const crew = await openCrew(server.port, connections, server)
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
export async function holdLarge(system: System, { place, port, tls }: RunningSystem, blob: LargeBlob): Promise<void> {
  if (system.id === 'nginx') {
    return await system.hold(place, repository, { ...artifactOf([]), blobs: [emptyConfig, wholeOf(blob)] })
  }
  const client = await openRegistryClient(port, { tls })
  try {
    await pushWhole(client, repository, blob)
  } finally {
    client.close()
  }
}
