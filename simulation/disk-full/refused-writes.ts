import { existsSync, readFileSync } from 'node:fs'
import { poll } from '../rig/poll.ts'

/** The calls by which a file system changes; reading and opening go on. */
const changing = 'pwrite64,pwritev,ftruncate,fallocate,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat'

const ptraceScope = '/proc/sys/kernel/yama/ptrace_scope'

/** Why system calls can't be made to fail here; undefined when they can. */
export function whyNoFaults(): string | undefined {
  if (Bun.which('strace') === null) return 'strace is not installed'
  const { success, stderr } = Bun.spawnSync(['strace', '-qq', '-e', 'trace=none', 'true'])
  if (!success) return `strace can't trace here: ${stderr.toString()}`
  const closed = existsSync(ptraceScope) && readFileSync(ptraceScope, 'utf8').trim() !== '0'
  return closed && process.getuid?.() !== 0 ? `only root may trace, ${ptraceScope} is not 0` : undefined
}

/**
 * Lets every change of a file by the process fail with `errno`: what a file system remounted read-only does to it, which the
 * kernel does not allow while files are open for writing. The returned function ends that.
 */
export async function refuseWrites(pid: number, errno: 'EROFS' | 'EDQUOT' | 'EIO'): Promise<() => Promise<void>> {
  const inject = [`--trace=${changing}`, `--inject=${changing}:error=${errno}`]
  const tracer = Bun.spawn(['strace', '--follow-forks', `--attach=${pid}`, '--output=/dev/null', ...inject], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  const listening = (async () => {
    for await (const chunk of tracer.stderr) said += new TextDecoder().decode(chunk)
  })()
  await poll('the tracer', 30_000, async () => {
    if (tracer.exitCode !== null) throw new Error(`strace ended: ${said}`)
    return await Promise.resolve(said.includes('attached') ? true : undefined)
  })
  return async () => {
    tracer.kill('SIGTERM')
    await tracer.exited
    await listening
  }
}
