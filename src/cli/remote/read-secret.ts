/** Where a secret is typed or piped in. */
export interface SecretInput {
  readonly isTerminal: boolean
  /** Everything up to the end of the input, at most `limit` bytes. Fails with RangeError when there is more. */
  readAll(limit: number): Promise<string>
  /** One line, without showing it. Absent when it was broken off. */
  readHidden(question: string): Promise<string | undefined>
}

const longestSecret = 4096

/** A secret from a pipe: its line end is not part of it. */
export async function readPiped(input: SecretInput): Promise<string> {
  return (await input.readAll(longestSecret)).replace(/\r?\n$/, '')
}
