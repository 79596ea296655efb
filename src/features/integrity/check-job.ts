import type { Database } from '../../database/index.ts'
import type { JobHandler, JobKind, JobRun } from '../../jobs/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import { type CheckPayload, checkPayload } from './check-job-shapes.ts'
import type { Position } from './check.ts'
import { createChecks } from './checks.ts'
import { textOf } from './finding-texts.ts'
import type { Finding } from './finding.ts'
import { createMarking } from './repair.ts'

/** One look at everything that is stored, beside a server that serves: what `berth fsck --deep` finds, marked as the scrubber does. */
export const checkKind: JobKind<CheckPayload> = Object.freeze({
  name: 'integrity.check',
  version: 1,
  payload: checkPayload,
  summary: 'Compares everything stored with what the database says of it, and with its digest; marks what is damaged.',
  mostAttempts: 5,
  dedupeKey: ({ deep }: CheckPayload) => (deep ? 'deep' : 'not deep'),
})

/** What a run keeps for the next one, and in the end its result. */
interface Looked {
  readonly findings: number
  readonly marked: number
  /** Findings by their code. */
  readonly codes: Readonly<Record<string, number>>
  /** Rows and files looked at. */
  readonly looked: number
  readonly bytes: number
}

interface Kept extends Looked {
  /** The check under way, and after what in it. */
  readonly check: string
  readonly after: Position | null
}

const nothing: Looked = Object.freeze({ findings: 0, marked: 0, codes: {}, looked: 0, bytes: 0 })

export interface CheckJobDeps {
  readonly database: Database
  readonly store: BlobStore
}

export function createCheckJob(deps: CheckJobDeps): JobHandler<CheckPayload> {
  return Object.freeze({ kind: checkKind, run: async (run: JobRun<CheckPayload>) => await lookAtAll(run, deps) })
}

async function lookAtAll(run: JobRun<CheckPayload>, { database, store }: CheckJobDeps): Promise<Looked> {
  const { signal, payload, position } = run
  let read = 0
  const pace = (bytes: number): void => {
    signal.throwIfAborted()
    read += bytes
  }
  // SQLite's own look at its file holds up everybody: it is left to `berth fsck`.
  const checks = createChecks({ database, store, deep: payload.deep, pace, ended: signal }).filter(({ name }) => name !== 'database')
  const { check: from, after: resumed, ...before } = (position ?? { ...nothing, check: checks[0]?.name, after: null }) as Kept
  let sum: Looked = before
  const mark = createMarking(database)
  // A check that another version of the program knew: all of them again.
  const first = Math.max(checks.findIndex(({ name }) => name === from), 0)
  for (const [at, check] of checks.slice(first).entries()) {
    let after: Position | undefined = at === 0 ? (resumed ?? undefined) : undefined
    do {
      const page = await check.page(after)
      for (const found of page.findings) sum = counted(sum, found, await marked(found, mark, run))
      sum = { ...sum, looked: sum.looked + page.looked, bytes: sum.bytes + read }
      read = 0
      after = page.next
      const next = after === undefined ? checks[first + at + 1]?.name : check.name
      if (next !== undefined) run.keep({ ...sum, check: next, after: after ?? null } satisfies Kept)
      run.report({ done: sum.looked, unit: 'rows and files', note: check.name })
      signal.throwIfAborted()
    } while (after !== undefined)
  }
  return sum
}

async function marked(found: Finding, mark: ReturnType<typeof createMarking>, run: JobRun<CheckPayload>): Promise<boolean> {
  const done = await mark(found)
  const { what } = textOf(found.code, 'en')
  // Whoever may see jobs need not see what repositories there are.
  const { digest, object } = found.subject as { readonly digest?: string; readonly object?: string }
  const subject = [digest, object].filter((each) => each !== undefined).join(' ')
  run.log(`${found.code} ${subject}: ${what}${done ? '; marked' : ''}`)
  return done
}

function counted(sum: Looked, { code }: Finding, isMarked: boolean): Looked {
  const { findings, marked: before, codes } = sum
  return { ...sum, findings: findings + 1, marked: before + (isMarked ? 1 : 0), codes: { ...codes, [code]: (codes[code] ?? 0) + 1 } }
}
