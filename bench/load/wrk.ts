import { join } from 'node:path'
import { findProgram, startProcess } from '../machine/index.ts'

export interface WrkResult {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU that wrk itself used. */
  readonly cpuSeconds: number
}

export interface WrkLoad {
  readonly url: string
  readonly accept: string
  readonly authorization?: string | undefined
  readonly connections: number
  /** wrk only knows whole ones; a part counts as one. */
  readonly seconds: number
  /** What each answer carries, in bytes. */
  readonly bodySize: number
}

const script = join(import.meta.dir, 'wrk.lua')

/**
 * Requests one URL for some seconds.
 * @throws Error when wrk saw a failed connection, a status above 399, or fewer bytes than that many answers have
 */
export async function runWrk({ url, accept, authorization, connections, seconds, bodySize }: WrkLoad): Promise<WrkResult> {
  const times = ['-d', `${Math.ceil(seconds)}s`, '--timeout', '30s']
  const headers = [`Accept: ${accept}`, ...(authorization === undefined ? [] : [`Authorization: ${authorization}`])]
  const flags = ['-t', '1', '-c', `${connections}`, ...times, ...headers.flatMap((header) => ['-H', header]), '-s', script]
  const wrk = startProcess([findProgram('wrk') ?? 'wrk', ...flags, url], { stdout: 'pipe' })
  const [output, code] = await Promise.all([new Response(wrk.stdout).text(), wrk.exited])
  const line = output.split('\n').find((text) => text.startsWith('{'))
  if (code !== 0 || line === undefined) throw new Error(`wrk failed with exit code ${code}: ${output.slice(0, 300)}`)
  const counted = JSON.parse(line) as Record<string, number>
  const count = (name: string): number => counted[name] ?? Number.NaN
  const faults = ['connect', 'read', 'write', 'timeout', 'status'].filter((name) => count(name) !== 0)
  if (faults.length > 0) throw new Error(`wrk saw errors: ${faults.map((name) => `${name} ${count(name)}`).join(', ')}`)
  const requests = count('requests')
  if (!(requests > 0 && count('bytes') >= requests * bodySize)) {
    throw new Error(`${requests} answers of ${bodySize} bytes cannot be ${count('bytes')} bytes`)
  }
  return {
    requests,
    seconds: count('microseconds') / 1e6,
    p50: count('p50') / 1e3,
    p99: count('p99') / 1e3,
    cpuSeconds: Number(wrk.resourceUsage()?.cpuTime.total ?? Number.NaN) / 1e6,
  }
}
