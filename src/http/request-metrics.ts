import { createCounter, createHistogram, createLabelledGauge, type CounterSeries, type HistogramSeries, type Metric } from '../observe/index.ts'
import type { Shape } from './v2/routes.ts'

/** What a request was about: distribution's names for its endpoints, since dashboards are made for them. */
const handlers: Readonly<Record<Shape | 'api' | 'other', string>> = {
  base: 'base',
  catalog: 'catalog',
  manifest: 'manifest',
  blob: 'blob',
  uploads: 'blob_upload',
  upload: 'blob_upload_chunk',
  tags: 'tags',
  referrers: 'referrers',
  extensions: 'extensions',
  api: 'api',
  other: 'other',
}

/** distribution writes them small. A method that nobody knows is the client's own invention, and no label. */
const methods = new Map(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, method.toLowerCase()]))

/** distribution's bounds: seconds and bytes. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100]
const sizes = [1024, 2048, 5120, 10240, 102400, 512000, 1048576, 2621440, 5242880, 10485760]

/** One answered request. */
export interface FinishedRequest {
  readonly method: string
  readonly status: number
  /** Content-Length of the request; 0 where there was none. */
  readonly received: number
  /** Bytes of the answer's body. */
  readonly sent: number
  /** Milliseconds from the request's head to the answer's head. */
  readonly duration: number
}

/** A request on its way. */
export interface RunningRequest {
  /** It turned out to be of this kind. */
  is(shape: Shape | 'api'): void
  end(finished: FinishedRequest): void
}

/** Why a request is not served: its own address has too many under way, all together are too many, large manifests take too much memory. */
export type Overload = 'address' | 'all' | 'manifests'

export interface RequestMetrics {
  readonly metrics: readonly Metric[]
  begin(): RunningRequest
  /** A request is not served. Its answer counts like any other. */
  shed(overload: Overload): void
}

/** Counts for every request, so it keeps the series of each kind at hand and builds no key. */
export function createRequestMetrics(): RequestMetrics {
  const total = createCounter('registry_http_requests_total', 'Requests answered.', 'handler', 'method', 'code')
  const duration = createHistogram(
    'registry_http_request_duration_seconds',
    'Time from the head of a request to the head of its answer.',
    durations,
    'handler',
    'method',
  )
  const received = createHistogram('registry_http_request_size_bytes', 'Content-Length of requests; 0 without one.', sizes, 'handler')
  const sent = createHistogram('registry_http_response_size_bytes', 'Bytes of the bodies of answers.', sizes, 'handler')
  const shedTotal = createCounter('berth_http_requests_shed_total', 'Requests answered with 429 or 503 because there were too many.', 'reason')
  const shed = { address: shedTotal.of('address'), all: shedTotal.of('all'), manifests: shedTotal.of('manifests') }
  const kinds = new Map<Shape | 'api' | 'other', Kind>()
  const kindOf = (shape: Shape | 'api' | 'other'): Kind => {
    const known = kinds.get(shape)
    if (known !== undefined) return known
    const handler = handlers[shape]
    const methodOf = (method: string): MethodSeries => ({ duration: duration.of(handler, method), codes: new Map() })
    const codeOf = (method: string, status: number): CounterSeries => total.of(handler, method, String(status))
    const kind = { handler, running: 0, received: received.of(handler), sent: sent.of(handler), methods: new Map(), methodOf, codeOf }
    kinds.set(shape, kind)
    return kind
  }
  const running = createLabelledGauge('registry_http_in_flight_requests', 'Requests that wait for the head of their answer.', 'handler', () =>
    [...kinds.values()].map((kind) => [kind.handler, kind.running]),
  )
  const metrics = Object.freeze([total, duration, received, sent, running, shedTotal])
  const begin = (): RunningRequest => new Running(kindOf('other'), kindOf)
  return Object.freeze({ metrics, begin, shed: (overload: Overload) => shed[overload].add() })
}

interface Kind {
  readonly handler: string
  running: number
  readonly received: HistogramSeries
  readonly sent: HistogramSeries
  readonly methods: Map<string, MethodSeries>
  methodOf(method: string): MethodSeries
  codeOf(method: string, status: number): CounterSeries
}

interface MethodSeries {
  readonly duration: HistogramSeries
  readonly codes: Map<number, CounterSeries>
}

class Running implements RunningRequest {
  #kind: Kind
  readonly #kindOf: (shape: Shape | 'api') => Kind

  constructor(kind: Kind, kindOf: (shape: Shape | 'api') => Kind) {
    this.#kind = kind
    this.#kindOf = kindOf
    kind.running++
  }

  is(shape: Shape | 'api'): void {
    this.#kind.running--
    this.#kind = this.#kindOf(shape)
    this.#kind.running++
  }

  end({ method, status, received, sent, duration }: FinishedRequest): void {
    const kind = this.#kind
    kind.running--
    const name = methods.get(method) ?? 'other'
    let series = kind.methods.get(name)
    if (series === undefined) kind.methods.set(name, (series = kind.methodOf(name)))
    let code = series.codes.get(status)
    if (code === undefined) series.codes.set(status, (code = kind.codeOf(name, status)))
    code.add()
    series.duration.observe(duration / 1000)
    kind.received.observe(received)
    kind.sent.observe(sent)
  }
}
