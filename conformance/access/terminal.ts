import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment } from '../server.ts'

/** What is typed once the terminal shows the question at its end. */
export type Answer = readonly [question: string, typed: string]

export interface TerminalOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const patience = 60_000

/**
 * Types lines for a shell on a terminal of their own, and answers what they ask.
 * @returns what the terminal showed
 * @throws Error with that when one of them fails, or a question is missing
 */
export async function typeLines(lines: string, answers: readonly Answer[], { cwd, env }: TerminalOptions): Promise<string> {
  const file = join(cwd, 'lines.sh')
  writeFileSync(file, lines)
  const child = Bun.spawn(['script', '--quiet', '--return', '--command', `sh -eu ${file}`, '/dev/null'], {
    cwd,
    env: cleanEnvironment({ ...env, TERM: 'dumb', SHELL: '/bin/sh' }),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: patience,
    killSignal: 'SIGKILL',
  })
  const left = [...answers]
  let shown = ''
  let read = 0
  const decoder = new TextDecoder()
  for await (const bytes of child.stdout) {
    shown += decoder.decode(bytes, { stream: true })
    const [question, typed] = left[0] ?? []
    if (question === undefined || !shown.slice(read).trimEnd().endsWith(question)) continue
    left.shift()
    read = shown.length
    void child.stdin.write(`${typed}\r`)
    await child.stdin.flush()
  }
  const code = await child.exited
  if (code !== 0 || left.length > 0) throw new Error(`exit code ${code}, questions left: ${left.length}\n${shown}`)
  return shown
}
