import type { Config } from '../../config/index.ts'
import type { Say } from '../messages.ts'
import { readable } from '../readable.ts'
import type { StopSignal } from './serve.ts'
import { describeStartFailure } from './start-failure.ts'

/** What a backup or a restore answers. Sizes in bytes, the time in ms since the epoch. The JSON summary has these members. */
export interface CopySummary {
  readonly id: string
  /** The moment that the backup shows. */
  readonly takenAt: number
  readonly rows: number
  readonly objects: { readonly count: number; readonly bytes: number }
  readonly copied: { readonly present: number; readonly copied: number; readonly copiedBytes: number }
  /** Objects that are not in the backup, with what is wrong with their bytes. */
  readonly damaged: readonly string[]
}

/** Told how far it is; aborted when the user wants no more. */
export interface CopyWatch {
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void
  readonly signal: AbortSignal
}

export type Copy = (config: Config, folder: string, watch: CopyWatch) => Promise<CopySummary>

export interface CopyDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void
  readonly monotonic: () => number
  /** Whether a person watches. */
  readonly watched: boolean
  /** Takes a backup into a folder. */
  readonly backUp: Copy
  /** Restores the backup in a folder. */
  readonly restore: Copy
}

export interface CopyRequest {
  readonly config: Config
  readonly folder: string
  readonly json: boolean
}

/** `berth backup` and `berth restore` take the same course in different words. */
export type Verb = 'backup' | 'restore'

/** The version of the JSON summary: changed when a member changes its meaning or goes. */
const summaryFormat = 1
const [done, failed, doneButDamaged] = [0, 1, 3]

/** Answers 0 when everything was copied, 1 when it failed, 3 when damaged objects are not in the backup. */
export async function copy(verb: Verb, { config, folder, json }: CopyRequest, deps: CopyDeps): Promise<number> {
  const { say, print, printError } = deps
  const stop = new AbortController()
  const release = deps.onSignal(() => stop.abort())
  const line = createProgressLine(deps, json)
  try {
    const work = verb === 'backup' ? deps.backUp : deps.restore
    const summary = await work(config, folder, { signal: stop.signal, onProgress: line.show })
    line.clear()
    print(json ? `${JSON.stringify({ format: summaryFormat, ...summary })}\n` : describe(summary, { verb, config, folder, say }))
    for (const object of summary.damaged) printError(`${say('copy.damaged', { object })}\n`)
    return summary.damaged.length > 0 ? doneButDamaged : done
  } catch (error) {
    line.clear()
    printError(stop.signal.aborted ? `${say(`${verb}.stopped`)}\n` : describeFailure(error, { verb, config, folder, say }))
    return failed
  } finally {
    release()
  }
}

interface Circumstances {
  readonly verb: Verb
  readonly config: Config
  readonly folder: string
  readonly say: Say
}

function describe({ takenAt, rows, objects, copied }: CopySummary, { verb, config, folder, say }: Circumstances): string {
  const values = {
    folder,
    data: config.data,
    time: new Date(takenAt).toISOString(),
    rows: String(rows),
    objects: String(objects.count),
    size: readable(objects.bytes),
    copied: String(copied.copied),
    copiedSize: readable(copied.copiedBytes),
  }
  return `${say(`${verb}.done`, values)}\n`
}

/** Codes of what keeps a server from starting too. */
const startCodes = new Set<unknown>(['lost', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'])

function describeFailure(error: unknown, { verb, config, folder, say }: Circumstances): string {
  const { code, message, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  if (startCodes.has(code)) return describeStartFailure(error, config, say)
  const key = code === 'unfinished' ? 'restore.unfinished' : (`${verb}.failed` as const)
  const line = `berth: ${say(key, { folder, data: config.data, reason: message })}\n`
  return config.log.level === 'debug' || config.log.level === 'trace' ? `${line}${stack ?? ''}\n` : line
}

/** Milliseconds between two looks of the line: nobody reads faster. */
const lineEvery = 200

/** One line on the terminal that is written again and again: a backup by night leaves none in a log. */
function createProgressLine({ watched, printError, monotonic, say }: CopyDeps, json: boolean) {
  let written = Number.NEGATIVE_INFINITY
  let present = false
  return {
    show: ({ done: looked, total }: { readonly done: number; readonly total: number }): void => {
      if (!watched || json || monotonic() - written < lineEvery) return
      written = monotonic()
      present = true
      printError(`\r\u001b[K${say('copy.progress', { done: String(looked), total: String(total) })}`)
    },
    clear: (): void => {
      if (present) printError('\r\u001b[K')
      present = false
    },
  }
}
