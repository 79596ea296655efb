/** Where a value or a mistake comes from. `path` is the configuration file as it was named, `line` counts from 1. */
export type Source =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'default' }

/** What can be wrong with the text of one value. */
export type FaultCode =
  | 'not-an-address'
  | 'not-a-directory'
  | 'not-a-file'
  | 'not-a-duration'
  | 'not-a-period'
  | 'not-a-size'
  | 'not-a-rate'
  | 'not-a-count'
  | 'not-a-password'
  | 'not-a-postgres-url'
  | 'not-networks'
  | 'not-a-url'
  | 'not-an-origin'
  | 'not-a-word'
  | 'not-one-of'
  | 'too-small'
  | 'too-large'
  | 'needs'
  | 'needs-postgres'

/** What can be wrong with the configuration. */
export type ProblemCode =
  | FaultCode
  | 'unknown-key'
  | 'unknown-variable'
  | 'duplicate-key'
  | 'not-a-value'
  | 'not-a-group'
  | 'not-yaml'
  | 'file-unreadable'
  | 'secret-unreadable'
  | 'secret-twice'
  | 'not-version'
  | 'not-distributions'
  | 'refused-key'
  | WarningCode

/** What can be said about a configuration that is in order. */
type WarningCode = 'ignored-key' | 'absent-key' | 'foreign-variable'

/** A sentence for users in both languages. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/**
 * One mistake in the configuration, or one warning, as data: the command line puts it into words, in the user's language.
 * `values` fill the placeholders of that text; they never hold a secret.
 */
export interface Problem {
  readonly source: Source
  readonly code: ProblemCode
  readonly values: Readonly<Record<string, string>>
  /** What a table has to say about it. */
  readonly text?: Text
}

/** The place in a form an editor or a shell understands: `berth.yaml:3`, `BERTH_LISTEN`, `--listen`. Absent for a default. */
export function placeOf(source: Source): string | undefined {
  if (source.kind === 'default') return undefined
  return source.kind === 'file' ? `${source.path}:${source.line}` : source.name
}
