import type { Metric, Profiler } from '../observe/index.ts'
import type { Digest } from '../oci/index.ts'
import type { OtherWriters, WrittenElsewhere } from '../registry/index.ts'
import { partsOf, type Bound, type Calls, type FromWorker, type MetricValues, type Start, type ToWorker } from './messages.ts'

/** The thread's end of the way to the one that started it: `self` in a Bun Worker. */
export interface WorkerPort {
  postMessage(message: FromWorker): void
  onmessage: ((event: { readonly data: ToWorker }) => void) | null
}

/** What a thread has to tell without being asked. */
export interface Report {
  /** Whole lines of log. */
  lines(text: string): void
  /** The database can no longer be trusted. */
  broken(error: Error): void
  /** Has another thread let go of an upload. */
  readonly others: OtherWriters
}

/** What answers requests in a thread. */
export interface WorkerApp {
  readonly metrics: readonly Metric[]
  readonly profiler: Profiler
  readonly owner: string
  release(written: WrittenElsewhere): Digest | undefined
  reasons(): Promise<readonly string[]>
  listen(port: number): Promise<Bound>
  /** Never fails: what is wrong with a certificate is logged. */
  reload(): Promise<void>
  stop(graceMs: number): Promise<void>
  close(): Promise<void>
}

/** Serves a thread that answers requests, at the bidding of the one that started it. */
export function serveWorker(port: WorkerPort, open: (start: Start, report: Report) => Promise<WorkerApp>): void {
  const others = askOthers(port)
  const report: Report = {
    others,
    lines: (text) => port.postMessage({ kind: 'lines', text }),
    broken: (error) => port.postMessage({ kind: 'broken', error: partsOf(error) }),
  }
  let opened: WorkerApp | undefined
  const app = (): WorkerApp => started(opened)
  const calls: { readonly [C in keyof Calls]: (input: Calls[C][0]) => Promise<Calls[C][1]> } = {
    start: async (start) => {
      opened = await open(start, report)
      return { owner: opened.owner }
    },
    release: (written) => Promise.resolve(app().release(written) ?? null),
    released: ({ request, digest }) => Promise.resolve(others.released(request, digest)),
    listen: (input) => app().listen(input.port),
    reload: () => app().reload().then(() => null),
    metrics: () => valuesOf(app().metrics),
    reasons: () => app().reasons(),
    profile: async ({ duration }) => (await app().profiler.cpu(duration)) ?? null,
    stop: async ({ graceMs }) => {
      await app().stop(graceMs)
      return null
    },
    close: async () => {
      await opened?.close()
      return null
    },
  }
  const answer = async ({ id, call, input }: ToWorker): Promise<void> => {
    try {
      port.postMessage({ kind: 'answer', id, result: await calls[call](input as never) })
    } catch (error) {
      port.postMessage({ kind: 'refusal', id, error: partsOf(error) })
    }
  }
  port.onmessage = ({ data }) => void answer(data)
}

function started(app: WorkerApp | undefined): WorkerApp {
  if (app === undefined) throw new Error('the thread was not started')
  return app
}

/** Other threads, over the one that started them all. */
function askOthers(port: WorkerPort) {
  const asked = new Map<number, (digest: Digest | undefined) => void>()
  let requests = 0
  return {
    release: async (owner: string, written: WrittenElsewhere) => {
      const request = ++requests
      const { promise, resolve } = Promise.withResolvers<Digest | undefined>()
      asked.set(request, resolve)
      port.postMessage({ kind: 'release', request, owner, written })
      return await promise
    },
    released: (request: number, digest: Digest | null) => {
      asked.get(request)?.(digest ?? undefined)
      asked.delete(request)
      return null
    },
  }
}

/** Those that can't be had now are left out. */
async function valuesOf(metrics: readonly Metric[]): Promise<MetricValues[]> {
  const values = await Promise.all(
    metrics.map(async (metric) => {
      try {
        const { name, help, type } = metric
        return [{ name, help, type, samples: [...(await metric.samples())] }]
      } catch {
        return []
      }
    }),
  )
  return values.flat()
}
