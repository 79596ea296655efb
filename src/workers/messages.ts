import type { Config } from '../config/index.ts'
import type { DatabaseError } from '../database/index.ts'
import type { Digest } from '../oci/index.ts'
import type { Sample, Metric } from '../observe/index.ts'
import type { WrittenElsewhere } from '../registry/index.ts'

/** What a thread that answers requests is told at first. */
export interface Start {
  readonly config: Config
  readonly directory: { readonly path: string; readonly databasePath: string; readonly installation: string }
  /** Where all threads count wrong passwords. */
  readonly attempts: { readonly networks: SharedArrayBuffer; readonly names: SharedArrayBuffer }
  /** How it reaches the writer of an SQLite database, and where commits are counted; absent on PostgreSQL. */
  readonly sqlite: { readonly writer: MessagePort; readonly commits: Int32Array } | undefined
}

/** The values of a metric at one moment. */
export interface MetricValues extends Pick<Metric, 'name' | 'help' | 'type'> {
  readonly samples: readonly Sample[]
}

/** Where a thread listens. */
export interface Bound {
  readonly url: string
  readonly port: number
}

/** What can be asked of a thread: each by its name, with what goes there and what comes back. */
export interface Calls {
  /** Answers the name that it writes uploads under. */
  readonly start: [Start, { readonly owner: string }]
  /** Lets go of an upload that it has written; null when it can't. */
  readonly release: [WrittenElsewhere, Digest | null]
  /** What came of a request that it made of another thread. */
  readonly released: [{ readonly request: number; readonly digest: Digest | null }, null]
  /** Listens on a port that it shares with the other threads; 0 takes any. */
  readonly listen: [{ readonly port: number }, Bound]
  readonly metrics: [null, readonly MetricValues[]]
  /** Reads the certificate again, if there is one. */
  readonly reload: [null, null]
  /** Why it is not ready. */
  readonly reasons: [null, readonly string[]]
  /** A CPU profile of so many ms; null while one is being taken. */
  readonly profile: [{ readonly duration: number }, string | null]
  /** Takes no more connections, and lets running requests end. */
  readonly stop: [{ readonly graceMs: number }, null]
  /** Closes what it opened, once no request runs. Its last lines of log come before the answer. */
  readonly close: [null, null]
}

export interface ToWorker {
  readonly id: number
  readonly call: keyof Calls
  readonly input: unknown
}

export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: ErrorParts }
  | { readonly kind: 'release'; readonly request: number; readonly owner: string; readonly written: WrittenElsewhere }
  | { readonly kind: 'lines'; readonly text: string }
  | { readonly kind: 'broken'; readonly error: ErrorParts }

/** An error on its way to another thread, where it would lose everything but its message. */
export interface ErrorParts {
  readonly message: string
  readonly stack: string | undefined
  /** What tells errors apart: the code, and the system's call. */
  readonly marks: Readonly<Record<string, string>>
}

const markNames = ['name', 'code', 'syscall'] as const

export function partsOf(error: unknown): ErrorParts {
  const thrown: Partial<NodeJS.ErrnoException & DatabaseError> = error instanceof Error ? error : new Error(String(error))
  const marks = markNames.flatMap((name) => (typeof thrown[name] === 'string' ? [[name, thrown[name]] as const] : []))
  return { message: thrown.message ?? '', stack: thrown.stack, marks: Object.fromEntries(marks) }
}

export function errorFrom({ message, stack, marks }: ErrorParts): Error {
  return Object.assign(new Error(message), stack === undefined ? {} : { stack }, marks)
}
