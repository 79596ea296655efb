import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { poll } from '../rig/poll.ts'

const launcher = join(import.meta.dir, '..', '..', 'berth')

export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command of berth on a data directory that no server uses. */
export async function runBerth(words: readonly string[], data: string, settings: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const child = Bun.spawn([launcher, ...words, '--data', data], {
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/', LANG: 'C', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}

const recordLimit = 20_000

/** Waits until a segment names the text: what was acknowledged before is recorded then. Answers how long that took, in ms. */
export async function untilRecorded(data: string, text: string): Promise<number> {
  const started = performance.now()
  const folder = join(data, 'recovery')
  await poll(`a segment that names ${text}`, recordLimit, async () => {
    const names = readdirSync(folder).filter((name) => !name.includes('.')).sort().slice(-3)
    return names.some((name) => readFileSync(join(folder, name)).includes(text)) ? true : undefined
  })
  return performance.now() - started
}
