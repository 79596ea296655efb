import { withCrew } from '../load/index.ts'
import type { RunningSystem } from '../systems/index.ts'
import { artifactAt, blobsOfTag, type Stock } from './stocked-repository.ts'
import type { Outcome } from './workload.ts'

const clients = 8
/** Ms between two looks. */
const lookEvery = 100
/** Of a collection that does not end. */
const patience = 900_000

/** Makes garbage and watches it go. */
export interface Collecting {
  /** Until nothing came due for longer than a lease. */
  untilIdle(): Promise<void>
  /** Deletes the first so many manifests that are left, and waits until their blobs begin to go. */
  begin(manifests: number): Promise<void>
  /** What was done since then. */
  since(): Promise<Pick<Outcome, 'done' | 'seconds' | 'p50' | 'p99' | 'clientSeconds'>>
  isOver(): Promise<boolean>
  /** Until all of it is gone. */
  end(): Promise<void>
  /** @throws Error where something that was deleted is there */
  check(): Promise<void>
}

/** Steps of the collector until now: it looks at a link of a repository, and later at the blob itself. */
interface Steps {
  readonly links: number
  readonly blobs: number
}

interface Begun extends Steps {
  /** Blobs and manifests that are to go. */
  readonly doomed: number
  readonly at: number
}

/**
 * @param stock what is left of it
 * @param lease in seconds, as Berth is told
 */
export function createCollecting({ port, place }: RunningSystem, stock: Stock, lease: number): Collecting {
  let gone = 0
  let begun: Begun = { links: 0, blobs: 0, doomed: 0, at: 0 }
  const stepsNow = async (): Promise<Steps> => await readSteps(Number(place.metrics))
  const isOver = async (): Promise<boolean> => (await stepsNow()).blobs - begun.blobs >= begun.doomed
  return Object.freeze<Collecting>({
    untilIdle: async () => {
      let [looked, since] = [-1, performance.now()]
      await until(async () => {
        const { links, blobs } = await stepsNow()
        if (links + blobs !== looked) [looked, since] = [links + blobs, performance.now()]
        return performance.now() - since > 1000 * (lease + 0.5)
      })
    },
    begin: async (manifests) => {
      const before = await stepsNow()
      await deleteManifests(port, stock, gone, manifests)
      gone += manifests
      // The manifests themselves go at once.
      await until(async () => (await stepsNow()).blobs - before.blobs >= manifests)
      const { links } = await stepsNow()
      await until(async () => (await stepsNow()).links > links)
      begun = { links, blobs: before.blobs + manifests, doomed: manifests * blobsOfTag, at: performance.now() - lookEvery / 2 }
    },
    since: async () => {
      const { links, blobs } = await stepsNow()
      const done = (links - begun.links + blobs - begun.blobs) / 2
      const seconds = (performance.now() - begun.at) / 1000
      return { done, seconds, p50: (1000 * seconds) / done, p99: (1000 * seconds) / done, clientSeconds: 0 }
    },
    isOver,
    end: async () => await until(isOver),
    check: async () => await checkGone(port, stock, [0, Math.floor(gone / 2), gone - 1]),
  })
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patience
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error('collection does not end')
    await Bun.sleep(lookEvery)
  }
}

async function deleteManifests(port: number, stock: Stock, from: number, count: number): Promise<void> {
  await withCrew(port, clients, async (crew) => {
    await crew.share(count, async (client, index) => {
      const { digest } = artifactAt(stock, from + index).manifest
      await client.ask(202, { method: 'DELETE', target: `/v2/${stock.repository}/manifests/${digest}` })
    })
  })
}

async function checkGone(port: number, stock: Stock, tags: readonly number[]): Promise<void> {
  const path = `/v2/${stock.repository}`
  await withCrew(port, 1, async ({ first }) => {
    for (const index of tags) {
      const { manifest, blobs } = artifactAt(stock, index)
      for (const reference of [stock.tags[index], manifest.digest]) await first.ask(404, { method: 'GET', target: `${path}/manifests/${reference}` })
      // The first one is the config that all share.
      for (const { digest } of blobs.slice(1)) await first.ask(404, { method: 'GET', target: `${path}/blobs/${digest}` })
    }
  })
}

async function readSteps(port: number): Promise<Steps> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const ended = (transaction: string): number => {
    const line = text.split('\n').find((one) => one.startsWith(`berth_database_transactions_total{transaction="${transaction}",outcome="done"}`))
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')))
  }
  return { links: ended('collect link'), blobs: ended('collect blob') }
}
