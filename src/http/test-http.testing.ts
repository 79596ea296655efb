import { createManualClock, createSeededIds, type ManualClock } from '../lib/index.ts'
import { createLogger, type Logger } from '../observe/index.ts'
import { createFakeRegistry, type FakeRegistry } from './fake-registry.testing.ts'
import { createClientOf, createHttp, createReadiness, createRequestMetrics, type Http, type HttpDeps } from './index.ts'

export interface TestHttp {
  readonly fake: FakeRegistry
  readonly http: Http
  readonly logger: Logger
  readonly clock: ManualClock
  /** Lines logged so far, the newest last. */
  readonly log: Record<string, unknown>[]
  /** One request without a port. `path` begins with a slash. */
  ask(method: string, path: string, init?: RequestInit): Promise<Response>
}

export function createTestHttp(changes: Partial<HttpDeps> = {}): TestHttp {
  const fake = createFakeRegistry()
  const log: Record<string, unknown>[] = []
  const clock = createManualClock(Date.UTC(2026, 0, 1))
  const destination = { write: (line: string) => void log.push(JSON.parse(line)), close: () => Promise.resolve() }
  const logger = createLogger({ level: 'info', destination, clock })
  const http = createHttp({
    registry: fake.registry,
    limits: { manifest: 4096, manifests: 1_000_000, requests: 8192, requests_per_address: 4096 },
    logger,
    ids: createSeededIds(2),
    clock,
    readiness: createReadiness({ checks: {}, clock }),
    requestMetrics: createRequestMetrics(),
    clientOf: createClientOf({ trusted: [], header: 'x-forwarded-for' }),
    ...changes,
  })
  const ask: TestHttp['ask'] = async (method, path, init) =>
    await http.fetch(new Request(`http://registry.test${path}`, { ...init, method }), '192.0.2.7')
  return { fake, http, logger, clock, log, ask }
}

/** The code of the only error in an OCI error document; fails when it is none. */
export async function errorCode(response: Response): Promise<string> {
  if (response.headers.get('content-type') !== 'application/json') throw new Error('an error without OCI JSON')
  if (response.headers.get('cache-control') !== 'no-store') throw new Error('an error that may be kept')
  const body = (await response.json()) as { errors: { code: string; message: string }[] }
  if (body.errors.length !== 1 || !body.errors[0]?.message) throw new Error(`not one error: ${JSON.stringify(body)}`)
  return body.errors[0].code
}
