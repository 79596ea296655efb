import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const launcher = join(import.meta.dir, '..', '..', 'berth')
const limit = 60_000

/** `kill`: the process is killed before the call. Else the call fails. */
export type Kind = 'kill' | 'EIO' | 'ENOSPC'

/** What hits a command: the first of its threads that makes such a call for the n-th time. */
export interface Blow {
  readonly call: string
  /** From 1. */
  readonly at: number
  readonly kind: Kind
}

export interface Command {
  readonly words: readonly string[]
  readonly settings: Readonly<Record<string, string>>
}

export interface Ended {
  /** Absent when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Files change by these calls alone; what goes to PostgreSQL is sent. */
const changing = ['mkdir', 'pwrite64', 'write', 'fsync', 'fdatasync', 'ftruncate', 'rename', 'unlink', 'sendto']
/** Of these some are about other things than files: Bun wakes its threads by them. */
const ambiguous: ReadonlySet<string> = new Set(['write', 'sendto'])

/** Every blow that can meet a command, as one undisturbed run of it shows. */
export async function blowsOn(command: Command): Promise<Blow[]> {
  const { ended, trace } = await run(command, [`--trace=${changing.join(',')}`])
  if (ended.code !== 0) throw new Error(`berth ${command.words.join(' ')} ended with ${ended.code}: ${ended.err}`)
  const counts = new Map<string, Map<string, number>>()
  for (const [, thread = '', call = ''] of trace.matchAll(/^(\d+) +([a-z0-9]+)\(/gm)) {
    const byThread = counts.get(call) ?? new Map<string, number>()
    counts.set(call, byThread.set(thread, (byThread.get(thread) ?? 0) + 1))
  }
  return [...counts].flatMap(([call, byThread]) => {
    const kinds: readonly Kind[] = ambiguous.has(call) ? ['kill'] : ['kill', 'EIO', 'ENOSPC']
    return Array.from({ length: Math.max(...byThread.values()) }, (_, n) => kinds.map((kind) => ({ call, at: n + 1, kind }))).flat()
  })
}

/** Runs the command with a blow. `struck` tells whether there was such a call. */
export async function strike(command: Command, { call, at, kind }: Blow): Promise<Ended & { readonly struck: boolean }> {
  const what = kind === 'kill' ? 'signal=SIGKILL' : `error=${kind}`
  const { ended, trace } = await run(command, [`--trace=${call}`, `--inject=${call}:${what}:when=${at}`])
  return { ...ended, struck: /INJECTED|killed by SIGKILL/.test(trace) }
}

/** Runs it as it is. */
export async function berth({ words, settings }: Command): Promise<Ended> {
  return await endOf(spawn([launcher, ...words], settings))
}

async function run({ words, settings }: Command, flags: readonly string[]): Promise<{ readonly ended: Ended; readonly trace: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-strike-'))
  const output = join(folder, 'trace')
  try {
    const ended = await endOf(spawn(['strace', '--follow-forks', '-qq', `--output=${output}`, ...flags, launcher, ...words], settings))
    return { ended, trace: readFileSync(output, 'latin1') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function spawn(words: readonly string[], settings: Command['settings']) {
  const env = { PATH: process.env['PATH'], HOME: '/', LANG: 'C', ...settings }
  return Bun.spawn([...words], { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'], timeout: limit, killSignal: 'SIGKILL' })
}

async function endOf(child: ReturnType<typeof spawn>): Promise<Ended> {
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code: child.exitCode, out, err }
}
