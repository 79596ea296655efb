import { artifactOf, emptyConfig, numberedBlob, openRegistryClient, type RegistryClient } from '../load/index.ts'
import type { Load, Medians, Outcome, Workload } from './workload.ts'

const repository = 'bench/artifacts'
const clients = 8
/** How many of the artifacts are read back. */
const samples = 100
/** Milliseconds after the end at which a server that still owes an answer is given up. */
const patience = 15_000

const berth = (figure: 'cpuMicros' | 'rate', scale: number) => (medians: Medians) => {
  const value = medians.berth?.[figure]
  return value === undefined ? undefined : value * scale
}

/** U5: many small pushes, as signatures, SBOMs and charts are. */
export const smallArtifacts: Workload = {
  id: 'U5',
  title: 'Small artifacts, durable',
  what:
    `${clients} clients push artifacts into one repository, each over one connection: POST and PUT of a blob of 1 KiB that was ` +
    'never seen before, then PUT of a manifest under a tag of its own. Every answer is checked for its status and digest, and ' +
    `afterwards ${samples} of the artifacts are read back by tag and hashed. nginx takes no pushes.`,
  unit: 'artifact',
  cpuUnit: 'ms',
  systems: ['berth', 'docker-registry'],
  tools: {},
  warmUp: 2,
  measured: 5,
  goals: [
    { text: 'artifacts a second', kind: 'at least', limit: 1000, unit: '', figure: berth('rate', 1) },
    { text: "Berth's CPU for one artifact", kind: 'at most', limit: 1, unit: 'ms', figure: berth('cpuMicros', 1 / 1000) },
  ],
  prepare: async (_, { port }) => {
    const opened = await Promise.all(Array.from({ length: clients }, () => openRegistryClient(port)))
    const [first] = opened
    await first?.pushBlob(repository, emptyConfig)
    return loadOf(opened)
  },
}

function loadOf(opened: readonly RegistryClient[]): Load {
  let pushed = 0
  const close = (): void => opened.forEach((client) => client.close())

  /** Pushes one artifact after the other until the time is over. */
  const push = async (client: RegistryClient, end: number, latencies: number[]): Promise<void> => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      const number = pushed++
      const blob = numberedBlob(number)
      await client.pushBlob(repository, blob)
      await client.pushManifest(repository, `v${number}`, artifactOf([blob]).manifest)
      latencies.push(performance.now() - start)
    }
  }

  return {
    run: async (seconds) => {
      const [start, cpu] = [performance.now(), process.cpuUsage()]
      const latencies: number[] = []
      const end = start + seconds * 1000
      const late = setTimeout(close, seconds * 1000 + patience)
      await Promise.all(opened.map((client) => push(client, end, latencies))).finally(() => clearTimeout(late))
      const { user, system } = process.cpuUsage(cpu)
      return { ...summary(latencies), seconds: (performance.now() - start) / 1000, clientSeconds: (user + system) / 1e6 }
    },
    check: async () => {
      const [client] = opened
      const step = Math.max(1, Math.floor(pushed / samples))
      for (let number = 0; number < pushed; number += step) {
        const blob = numberedBlob(number)
        await client?.checkManifest(repository, `v${number}`, artifactOf([blob]).manifest)
        await client?.checkBlob(repository, blob)
      }
    },
    close,
  }
}

function summary(latencies: number[]): Pick<Outcome, 'done' | 'p50' | 'p99'> {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { done: sorted.length, p50: at(0.5), p99: at(0.99) }
}
