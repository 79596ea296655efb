import { existsSync, readFileSync } from 'node:fs'
import { until } from '../until.ts'

const ptraceScope = '/proc/sys/kernel/yama/ptrace_scope'

/** Why no system calls can be recorded here; undefined when they can. */
export function whyNoRecord(): string | undefined {
  if (Bun.which('strace') === null) return 'strace is not installed'
  if (!Bun.spawnSync(['strace', '-qq', '-e', 'trace=none', 'true']).success) return 'strace cannot trace here'
  const closed = existsSync(ptraceScope) && readFileSync(ptraceScope, 'utf8').trim() !== '0'
  return closed && process.getuid?.() !== 0 ? 'only root may trace here' : undefined
}

/** Records every path that a process hands to the kernel while `work` runs: opened, looked at, renamed or removed. */
export async function pathsUsed(pid: number, record: string, work: () => Promise<void>): Promise<string[]> {
  const options = ['--follow-forks', `--attach=${pid}`, '--trace=%file', '--string-limit=8192', `--output=${record}`]
  const tracer = Bun.spawn(['strace', ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const listening = (async () => {
    for await (const chunk of tracer.stderr) said += new TextDecoder().decode(chunk)
  })()
  try {
    await until('strace is there', () => {
      if (tracer.exitCode !== null) throw new Error(`strace ended: ${said}`)
      return said.includes('attached')
    })
    await work()
  } finally {
    tracer.kill('SIGTERM')
    await tracer.exited
    await listening
  }
  const quoted = readFileSync(record, 'utf8').matchAll(/"((?:[^"\\]|\\.)*)"/g)
  // An empty path stands for a file that is open already.
  return [...quoted].map(([, path = '']) => path).filter((path) => path !== '')
}
