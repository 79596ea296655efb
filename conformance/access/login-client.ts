import { runProgram, type Finished } from '../run-program.ts'

/** What is pushed: two contents that differ. */
export const things = ['first', 'second'] as const
export type Thing = (typeof things)[number]

/** A client as its user meets it. */
export interface LoginClient {
  /** As `docker login` does it. Some keep what they are given, and find out later whether it is right. */
  login(host: string, username: string, password: string): Promise<Finished>
  logout(host: string): Promise<unknown>
  /** @param image `host/repository:tag` */
  push(image: string, what: Thing): Promise<Finished>
  pull(image: string): Promise<Finished>
  stop?(): Promise<void>
}

/** Runs a program with the folder as its home, and something to read if it is given any. */
export function runnerIn(folder: string, program: readonly string[]) {
  const env = { HOME: folder, DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: `${folder}/auth.json`, TMPDIR: folder }
  return (words: readonly string[], input?: string) => runProgram([...program, ...words], { env, cwd: folder, input })
}

/** Runs commands until one fails, and returns the last that ran. */
export async function inTurn(first: Promise<Finished>, ...further: readonly (() => Promise<Finished>)[]): Promise<Finished> {
  let last = await first
  for (const next of further) {
    if (last.code !== 0) return last
    last = await next()
  }
  return last
}
