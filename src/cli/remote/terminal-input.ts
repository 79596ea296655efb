import type { SecretInput } from './read-secret.ts'

/** As much of a terminal, or a pipe, as reading a secret takes. */
export interface InputStream extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
}

const enter = new Set(['\r', '\n'])
const backspace = new Set(['\u0008', '\u007f'])
/** Ctrl-C and Ctrl-D. */
const broken = new Set(['\u0003', '\u0004'])

/** Reads from standard input; of what is typed on a terminal, secrets are not shown. */
export function terminalInput(stdin: InputStream, print: (text: string) => void): SecretInput {
  return Object.freeze({
    isTerminal: stdin.isTTY === true,
    async readAll(limit: number): Promise<string> {
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of stdin) {
        size += chunk.length
        if (size > limit) throw new RangeError(`more than ${limit} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks).toString()
    },
    async readHidden(...questions: readonly string[]): Promise<readonly string[] | undefined> {
      // Before the question: what is typed as soon as it is there must not be shown.
      stdin.setRawMode?.(true)
      try {
        return await typedLines(stdin, questions, print)
      } finally {
        stdin.setRawMode?.(false)
      }
    },
    async readLine(question: string): Promise<string> {
      print(question)
      let line = ''
      for await (const chunk of stdin) {
        line += new TextDecoder().decode(chunk)
        if (line.includes('\n')) break
      }
      return line.split('\n', 1)[0]?.trim() ?? ''
    },
  })
}

/**
 * With a raw terminal the program itself has to see Ctrl-C and the backspace, and moves to the next line by itself. Standard input
 * cannot be read again once this has ended.
 */
async function typedLines(stdin: InputStream, questions: readonly string[], print: (text: string) => void): Promise<readonly string[] | undefined> {
  const lines: string[] = []
  let line = ''
  print(questions[0] ?? '')
  for await (const chunk of stdin) {
    for (const character of new TextDecoder().decode(chunk)) {
      if (!enter.has(character) && !broken.has(character)) {
        line = backspace.has(character) ? line.slice(0, -1) : line + character
        continue
      }
      lines.push(line)
      line = ''
      print(`\r\n${broken.has(character) ? '' : (questions[lines.length] ?? '')}`)
      if (broken.has(character)) return undefined
      if (lines.length === questions.length) return lines
    }
  }
  return [...lines, line]
}
