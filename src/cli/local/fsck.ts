import type { Config, Environment } from '../../config/index.ts'
import { excerpt } from '../../lib/index.ts'
import type { Say } from '../messages.ts'
import { readable } from '../readable.ts'
import { describeStartFailure } from './start-failure.ts'

/** Something that is wrong, with its texts in the user's language. The JSON report has these members as they are. */
export interface ReportedFinding {
  readonly code: string
  /** Names what it is about: `object`, `file`, `digest`, `repository`, `manifest`, `tag`, `upload`, `row`. */
  readonly subject: Readonly<Record<string, string>>
  readonly detail: string
  readonly affected: readonly { readonly repository: string; readonly tags: readonly string[] }[]
  readonly more: boolean
  readonly what: string
  readonly next: string
  readonly repaired: boolean
}

export interface IntegrityProgress {
  readonly check: string
  /** Rows and files looked at so far, by check. */
  readonly looked: Readonly<Record<string, number>>
  /** Bytes hashed so far. */
  readonly bytes: number
}

export interface IntegritySum extends Pick<IntegrityProgress, 'looked' | 'bytes'> {
  readonly findings: number
  readonly repaired: number
  /** A server was running: it was looked at beside it. */
  readonly besideServer: boolean
  /** The index was rebuilt and is sound, but nothing is collected until a check without a server ends that. */
  readonly held: boolean
}

export interface IntegrityRequest {
  readonly deep: boolean
  readonly repair: boolean
  readonly language: Environment['language']
  readonly onFinding: (finding: ReportedFinding) => void
  readonly onProgress: (progress: IntegrityProgress) => void
}

/** What `fsck` needs from the process it runs in. */
export interface FsckDeps {
  readonly say: Say
  readonly language: Environment['language']
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Whether a person watches: progress is shown on the terminal that errors go to. */
  readonly watched: boolean
  readonly monotonic: () => number
  /** Looks at everything that is stored. Fails when it can't. */
  readonly checkIntegrity: (config: Config, request: IntegrityRequest) => Promise<IntegritySum>
}

export interface FsckOptions {
  readonly deep: boolean
  readonly repair: boolean
  readonly json: boolean
}

/** The version of the JSON report: changed when a member changes its meaning or goes. */
const reportFormat = 1
const [clean, problems, notChecked] = [0, 1, 2]

/** `berth fsck`: answers 0 when everything is there, 1 when something was found, 2 when it could not look. */
export async function fsck(config: Config, options: FsckOptions, deps: FsckDeps): Promise<number> {
  const { deep, repair, json } = options
  const progress = createProgressLine(deps)
  const show = json ? (found: ReportedFinding) => `${JSON.stringify({ type: 'finding', ...found })}\n` : describeFinding(deps.say)
  try {
    const sum = await deps.checkIntegrity(config, {
      deep,
      repair,
      language: deps.language,
      onFinding: (found) => {
        progress.clear()
        deps.print(show(found))
      },
      onProgress: progress.show,
    })
    progress.clear()
    deps.print(json ? jsonSummary(sum, options) : describeSum(sum, options, deps.say))
    return sum.findings === 0 ? clean : problems
  } catch (error) {
    progress.clear()
    deps.printError(describeStartFailure(error, config, deps.say, 'fsck'))
    return notChecked
  }
}

function jsonSummary(sum: IntegritySum, { deep, repair }: FsckOptions): string {
  const outcome = sum.findings === 0 ? 'clean' : 'problems'
  return `${JSON.stringify({ type: 'summary', format: reportFormat, outcome, deep, repair, ...sum })}\n`
}

/** A finding on a few lines. What comes from names and files is quoted, so that it cannot move the terminal's cursor. */
function describeFinding(say: Say): (found: ReportedFinding) => string {
  return ({ code, subject, detail, affected, more, what, next, repaired }) => {
    const names = Object.entries(subject).map(([kind, name]) => `  ${kind} ${plain(name)}`)
    const repositories = affected.map(({ repository, tags }) => {
      const labels = tags.map(plain).join(', ')
      return labels === '' ? plain(repository) : `${plain(repository)} (${labels})`
    })
    const lines = [
      `${code}: ${what}`,
      ...names,
      ...(detail === '' ? [] : [`  ${plain(detail)}`]),
      ...(repositories.length === 0 ? [] : [`  ${say('fsck.affects', { list: repositories.join('; ') })}${more ? say('fsck.more') : ''}`]),
      `  ${repaired ? say('fsck.repaired', { next }) : say('fsck.next', { next })}`,
    ]
    return `${lines.join('\n')}\n\n`
  }
}

/** Text that is shown as it is, unless something in it would be more than text. */
function plain(text: string): string {
  const quoted = excerpt(text, 300)
  return quoted === `"${text}"` ? text : quoted
}

function describeSum(sum: IntegritySum, { deep, repair }: FsckOptions, say: Say): string {
  const { blobs = 0, manifests = 0, tags = 0, files = 0 } = sum.looked
  const counted = { blobs: String(blobs), manifests: String(manifests), tags: String(tags), files: String(files) }
  const lines = [
    say('fsck.looked', { ...counted, hashed: readable(sum.bytes) }),
    ...(sum.besideServer ? [say('fsck.beside')] : []),
    ...(sum.held ? [say('fsck.held')] : []),
    ...(sum.findings === 0 ? [say(deep ? 'fsck.clean-deep' : 'fsck.clean')] : []),
    ...(sum.findings === 0 ? [] : [say(repair ? 'fsck.problems-repaired' : 'fsck.problems', { count: String(sum.findings), repaired: String(sum.repaired) })]),
  ]
  return `${lines.join('\n')}\n`
}

/** Milliseconds between two looks of the line: nobody reads faster. */
const lineEvery = 200

/** One line on the terminal that is written again and again. */
function createProgressLine({ watched, printError, monotonic, say }: FsckDeps) {
  let written = Number.NEGATIVE_INFINITY
  let present = false
  return {
    show: ({ check, looked, bytes }: IntegrityProgress): void => {
      if (!watched || monotonic() - written < lineEvery) return
      written = monotonic()
      present = true
      printError(`\r\u001b[K${say('fsck.progress', { check, looked: String(looked[check] ?? 0), hashed: readable(bytes) })}`)
    },
    clear: (): void => {
      if (present) printError('\r\u001b[K')
      present = false
    },
  }
}
