import type { Config } from '../../config/index.ts'
import { excerpt } from '../../lib/index.ts'
import type { MessageKey, Say } from '../messages.ts'
import { describeStartFailure } from './start-failure.ts'

/** What was brought back, and what was not. Times are ms since the epoch. */
export interface RebuildReport {
  readonly at: number
  readonly segments: number
  readonly repositories: number
  readonly tags: number
  readonly manifests: number
  readonly blobs: number
  readonly bytes: number
  readonly missing: readonly { readonly digest: string; readonly size: number; readonly key: string | null }[]
  readonly contradictions: readonly string[]
  readonly damage: { readonly segment: string; readonly reason: string } | undefined
}

/** What `rebuild-index` needs from the process it runs in. */
export interface RebuildIndexDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Fails when nothing could be restored; then nothing was changed. */
  readonly rebuildIndex: (config: Config, options: { readonly untilDamage: boolean }) => Promise<RebuildReport>
}

/** Codes of what stands in the way. */
const texts = new Map<unknown, MessageKey>([
  ['occupied', 'rebuild.exists'],
  ['nothing-recorded', 'rebuild.nothing-recorded'],
  ['segments-damaged', 'rebuild.segments-damaged'],
  ['segments-lost', 'rebuild.segments-lost'],
  ['other-segments', 'rebuild.other-segments'],
])

/** `berth rebuild-index`: answers 0 when everything recorded was restored, 1 when something is missing or nothing was done. */
export async function rebuildIndex(config: Config, options: { readonly untilDamage: boolean }, deps: RebuildIndexDeps): Promise<number> {
  const { say, print, printError } = deps
  try {
    const report = await deps.rebuildIndex(config, options)
    print(describe(report, say))
    return report.missing.length + report.contradictions.length === 0 ? 0 : 1
  } catch (error) {
    const { code, message, values } = error as Error & { readonly code?: unknown; readonly values?: Readonly<Record<string, string>> }
    const text = texts.get(code)
    if (text === undefined) printError(describeStartFailure(error, config, say, 'rebuild-index'))
    else printError(`berth: ${say(text, { ...values, ...(values?.['at'] && { at: timeOf(Number(values['at'])) }), data: config.data, found: message })}\n`)
    return 1
  }
}

/** Missing files named one by one; beyond that, `berth fsck` names them. */
const namedFiles = 100

function describe(report: RebuildReport, say: Say): string {
  const { at, segments, repositories, tags, manifests, blobs, bytes, missing, contradictions, damage } = report
  const count = (values: Record<string, number>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
  const lines = [
    say('rebuild.restored', { at: timeOf(at), segments: String(segments) }),
    say('rebuild.counts', { ...count({ repositories, tags, manifests, blobs }), size: String(bytes) }),
    ...(damage === undefined ? [] : [say('rebuild.until-damage', { ...damage })]),
    ...(missing.length === 0 ? [] : [say('rebuild.missing', { count: String(missing.length) })]),
    ...missing.slice(0, namedFiles).map(({ digest, size, key }) => `  ${digest} (${size} B) ${key === null ? '' : excerpt(key, 300)}`),
    ...(missing.length > namedFiles ? ['  ...'] : []),
    ...(contradictions.length === 0 ? [] : [say('rebuild.contradictions', { count: String(contradictions.length) })]),
    ...contradictions.slice(0, namedFiles).map((name) => `  ${excerpt(name, 300)}`),
    say('rebuild.next'),
  ]
  return `${lines.join('\n')}\n`
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}
