/** Fails with what was broken, and the value that shows it. */
export function must(holds: boolean, rule: string, ...shown: readonly unknown[]): void {
  if (!holds) throw new Error([`${rule}:`, ...shown.map((value) => JSON.stringify(value))].join(' '))
}

interface Coded {
  readonly code: string
  readonly message: string
}

/**
 * What `read` answers, or undefined when it refuses with one of these codes. Any other error is a fault: it would be answered with
 * 500. What a refusal says goes to logs and terminals: short, and without control characters.
 */
export function unless<T>(read: () => T, ...codes: readonly string[]): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code, message } = error as Coded
    if (!codes.includes(code)) throw error
    must(
      message.length < 1_200 && message.split('').every((character) => character >= ' ' && character !== '\x7f'),
      'a refusal says what cannot be shown',
      message,
    )
    return undefined
  }
}

/** Header values as the server gets them: one character for each byte. */
export function latin(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
}

/** Text from a path or a file; what is not UTF-8 becomes the replacement character. */
export function text(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString('utf8')
}

/** The first line, and what follows it. */
export function headAndRest(all: string): [string, string] {
  const end = all.indexOf('\n')
  return end === -1 ? [all, ''] : [all.slice(0, end), all.slice(end + 1)]
}
