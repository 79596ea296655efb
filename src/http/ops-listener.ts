import { formatHost } from '../lib/index.ts'
import { exposition, expositionType, type Logger, type Metric, type Profiler } from '../observe/index.ts'
import type { Listener } from './listener.ts'
import type { Readiness } from './readiness.ts'

export interface OpsListenerOptions {
  readonly hostname: string
  /** 0 takes any free port. */
  readonly port: number
  readonly readiness: Readiness
  readonly metrics: readonly Metric[]
  /** One for each thread that can be looked into, the main one first. */
  readonly profilers: readonly Profiler[]
  readonly logger: Logger
}

/**
 * A second listener for whoever runs the process: probes that say why, metrics, profiles. Clients of the registry have no
 * business here, so it is an address of its own that a firewall can tell apart.
 */
export function listenOps(options: OpsListenerOptions): Listener {
  const { hostname, port, logger } = options
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    reusePort: false,
    // A profile takes its time before the first byte.
    idleTimeout: longestProfile + 30,
    fetch: (request, self) => answer(options, request, self.requestIP(request)?.address ?? ''),
    error: (error) => {
      logger.error('a request of the operator failed', { error })
      return text(500, 'failed; the log says why\n')
    },
  })
  const bound = server.port ?? port
  return Object.freeze({ url: `http://${formatHost(hostname)}:${bound}`, port: bound, stop: () => server.stop(true) })
}

/** Seconds. */
const longestProfile = 60

async function answer({ readiness, metrics, profilers }: OpsListenerOptions, request: Request, address: string): Promise<Response> {
  const url = new URL(request.url)
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET and HEAD\n', { allow: 'GET, HEAD' })
  switch (url.pathname) {
    case '/livez':
      return text(200, 'ok\n')
    case '/readyz':
    case '/healthz':
      return answerReadiness(await readiness.reasons())
    case '/metrics':
      return text(200, await exposition(metrics), { 'content-type': expositionType })
    case '/debug/profile':
      return await answerProfile(profilers, url.searchParams, address)
    case '/':
      return text(200, 'Berth, for operators: /livez /readyz /metrics /debug/profile?seconds=10\n')
    default:
      return text(404, 'not found; / lists what is here\n')
  }
}

function answerReadiness(reasons: readonly string[]): Response {
  return reasons.length === 0 ? text(200, 'ok\n') : text(503, `not ready\n${reasons.map((reason) => `${reason}\n`).join('')}`)
}

/** Only for this machine: a profile slows the server down, and shows what it is made of. */
async function answerProfile(profilers: readonly Profiler[], asked: URLSearchParams, address: string): Promise<Response> {
  const [seconds, thread] = [asked.get('seconds') ?? '10', asked.get('thread') ?? '0']
  if (!/^(127\.|::1$|::ffff:127\.)/.test(address)) return text(403, 'profiles are given to this machine alone: ask from there\n')
  if (!/^\d{1,2}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > longestProfile) {
    return text(400, `seconds must be a whole number from 1 to ${longestProfile}\n`)
  }
  const profiler = /^\d{1,2}$/.test(thread) ? profilers[Number(thread)] : undefined
  if (profiler === undefined) return text(400, `thread must be a number from 0, the main one, to ${profilers.length - 1}\n`)
  const profile = await profiler.cpu(Number(seconds) * 1000)
  if (profile === undefined) return text(409, 'a profile is being taken: ask again when it is done\n')
  return text(200, profile, { 'content-type': 'application/json', 'content-disposition': 'attachment; filename="berth.cpuprofile"' })
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  const common = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  return new Response(body, { status, headers: { ...common, ...headers } })
}
