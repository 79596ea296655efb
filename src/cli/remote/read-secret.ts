import { UsageFault } from './failure.ts'

/** Where a secret, or an answer, is typed or piped in. */
export interface SecretInput {
  readonly isTerminal: boolean
  /** Everything up to the end of the input, at most `limit` bytes. Fails with RangeError when there is more. */
  readAll(limit: number): Promise<string>
  /** A line for each question, without showing them. Absent when it was broken off. Only once: it uses the input up. */
  readHidden(...questions: readonly string[]): Promise<readonly string[] | undefined>
  /** One line that is shown as it is typed. Only once, too. */
  readLine(question: string): Promise<string>
}

const longestSecret = 4096

export interface WantedSecret {
  /** What a terminal asks. */
  readonly question: string
  /** What it asks then, to have the same typed again: it was not shown. */
  readonly again?: string
  /** Whether it comes from a pipe, as `--password-stdin` says. */
  readonly piped: boolean
}

/**
 * A secret that is piped in, or typed. Absent where it was broken off, and where nobody can be asked.
 * @throws UsageFault when it is typed again and not the same
 */
export async function readSecret({ question, again, piped }: WantedSecret, input: SecretInput): Promise<string | undefined> {
  // The end of its line is not part of it.
  if (piped) return (await input.readAll(longestSecret)).replace(/\r?\n$/, '')
  if (!input.isTerminal) return undefined
  const [secret, same = secret] = (await input.readHidden(question, ...(again === undefined ? [] : [again]))) ?? []
  if (same !== secret) throw new UsageFault('password.differ', {})
  return secret
}
