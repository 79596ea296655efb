import { artifactOf, manifestType, numberedBlob, openRegistryClient, runWrk } from '../load/index.ts'
import type { Load, Medians, Workload } from './workload.ts'

const repository = 'bench/app'
const connections = 32
/** Eight layers make a manifest of 1.5 KB, an ordinary image's. */
const layers = 8
/** Milliseconds between the answers that are read and hashed by our own client while wrk runs. */
const sampleEvery = 50

const cpu = (id: keyof Medians) => (medians: Medians) => medians[id]?.cpuMicros

/** M1: the request that every pull begins with. */
export const manifestGet: Workload = {
  id: 'M1',
  title: 'Manifest GET by digest, hot',
  what:
    `wrk asks for one manifest of 1.5 KB by its digest over ${connections} connections. Meanwhile a client of our own asks ` +
    `for it every ${sampleEvery} ms and hashes what it gets. nginx serves the same bytes as a static file.`,
  unit: 'request',
  cpuUnit: 'µs',
  systems: ['berth', 'nginx', 'docker-registry'],
  tools: { wrk: 'apt-get install wrk' },
  warmUp: 2,
  measured: 3,
  goals: [
    {
      text: "Berth's CPU per request as a part of docker-registry's",
      kind: 'at most',
      limit: 1 / 20,
      unit: '',
      figure: (medians) => ratio(cpu('berth')(medians), cpu('docker-registry')(medians)),
    },
    { text: "Berth's CPU per request", kind: 'at most', limit: 20, unit: 'µs', figure: cpu('berth') },
  ],
  prepare: async (system, { place, port }) => {
    const artifact = artifactOf(Array.from({ length: layers }, (_, i) => numberedBlob(i)))
    await system.hold(place, repository, artifact)
    return loadOf(port, artifact)
  },
}

function loadOf(port: number, { manifest }: ReturnType<typeof artifactOf>): Load {
  const url = `http://127.0.0.1:${port}/v2/${repository}/manifests/${manifest.digest}`

  /** Reads and hashes answers until wrk has ended. */
  const sample = async (ended: AbortSignal): Promise<number> => {
    const client = await openRegistryClient(port)
    let samples = 0
    try {
      while (!ended.aborted) {
        await client.checkManifest(repository, manifest.digest, manifest)
        samples++
        await Bun.sleep(sampleEvery)
      }
    } finally {
      client.close()
    }
    return samples
  }

  return {
    run: async (seconds) => {
      const ended = new AbortController()
      const wrk = runWrk({ url, accept: manifestType, connections, seconds, bodySize: manifest.bytes.byteLength })
      const [result, samples] = await Promise.all([wrk.finally(() => ended.abort()), sample(ended.signal)])
      const { requests, p50, p99, cpuSeconds } = result
      return { done: requests + samples, seconds: result.seconds, p50, p99, clientSeconds: cpuSeconds }
    },
    check: () => Promise.resolve(),
    close: () => {},
  }
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b
}
