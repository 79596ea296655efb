import type { Clock } from '../../lib/index.ts'
import { createHistogram, type HistogramSeries, type Metric } from '../../observe/index.ts'
import type { BlobStore, ObjectWriter } from '../blob-store.ts'

/** distribution's bounds, in seconds: its dashboards draw them. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The action names of distribution's drivers, so that dashboards made for it go on working. */
type Action = 'Reader' | 'Stat' | 'Writer' | 'Commit' | 'Delete' | 'List'

/** The same store, which counts how long its calls take. A read counts until the bytes can be had, not until they were sent. */
export function measuredStore(store: BlobStore, clock: Clock): { readonly store: BlobStore; readonly metrics: readonly Metric[] } {
  const seconds = createHistogram(
    'registry_storage_action_seconds',
    'How long calls of the blob store took. Writer is one chunk written, Commit makes an object durable.',
    bounds,
    'driver',
    'action',
  )
  const series = (action: Action): HistogramSeries => seconds.of(store.driver, action)
  const [reader, stat, writer, commit, remove, list] = [series('Reader'), series('Stat'), series('Writer'), series('Commit'), series('Delete'), series('List')]

  async function timed<T>(into: HistogramSeries, call: () => Promise<T>): Promise<T> {
    const started = clock.monotonic()
    try {
      return await call()
    } finally {
      into.observe((clock.monotonic() - started) / 1000)
    }
  }
  const writing = (opened: ObjectWriter): ObjectWriter => ({
    get offset() {
      return opened.offset
    },
    write: (chunk) => timed(writer, () => opened.write(chunk)),
    close: () => opened.close(),
  })

  const measured: BlobStore = Object.freeze({
    driver: store.driver,
    begin: async (id: string) => writing(await store.begin(id)),
    resume: async (id: string, offset: number) => writing(await store.resume(id, offset)),
    copyUnfinished: async (...copy: Parameters<BlobStore['copyUnfinished']>) => writing(await store.copyUnfinished(...copy)),
    readUnfinished: (id: string, length: number) => store.readUnfinished(id, length),
    finishedKey: (id: string, digest: string) => store.finishedKey(id, digest),
    commit: (id: string, key: string, size: number) => timed(commit, () => store.commit(id, key, size)),
    open: (...what: Parameters<BlobStore['open']>) => timed(reader, () => store.open(...what)),
    stat: (key: string) => timed(stat, () => store.stat(key)),
    delete: (id: string, key: string | undefined) => timed(remove, () => store.delete(id, key)),
    list: (cursor?: string) => timed(list, () => store.list(cursor)),
  })
  return { store: measured, metrics: [seconds] }
}
