import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findProgram, isRoot } from '../../tools/installed.ts'
import { runProgram, succeed, type Finished } from '../run-program.ts'
import { cleanEnvironment } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

/** A systemd of its own, which starts nothing by itself, with Berth's unit and program in place. */
export interface BootedSystemd {
  /** Runs a program as root beside it; it has to succeed. */
  run(...command: readonly string[]): Promise<string>
  /** The same, whatever becomes of it. */
  attempt(...command: readonly string[]): Promise<Finished>
  /** What the unit is, by names of `systemctl show`. */
  shows(property: string): Promise<string>
  /** Ends all that runs in it at once, and removes it. */
  end(): Promise<void>
}

const namespaces = ['--mount', '--pid', '--uts', '--ipc'] as const

/** Empty where systemd can be booted; else the reason, as names of skipped tests end. */
export function whyNotBooted(): string {
  if (process.platform !== 'linux' || !isRoot()) return ' (skipped: not root on Linux)'
  const missing = ['unshare', 'nsenter', 'systemctl'].find((name) => findProgram(name) === undefined)
  if (missing !== undefined) return ` (skipped: no ${missing})`
  if (!existsSync('/lib/systemd/systemd')) return ' (skipped: no systemd)'
  const kinds = readFileSync('/proc/filesystems', 'utf8')
  if (!/\tcgroup2$/m.test(kinds) || !/\toverlay$/m.test(kinds)) return ' (skipped: no cgroup2 or no overlay)'
  const may = Bun.spawnSync(['unshare', ...namespaces, '--fork', 'mount', '-t', 'tmpfs', 'none', '/mnt']).exitCode === 0
  return may ? '' : ' (skipped: root may not unshare mounts here)'
}

/**
 * Boots it.
 * @param unit the folder of the unit
 * @param program Berth as one file
 */
export async function bootSystemd(unit: string, program: string): Promise<BootedSystemd> {
  const folder = temporaryFolder()
  const script = join(import.meta.dir, 'boot.sh')
  const command = ['unshare', ...namespaces, '--fork', '--kill-child', 'sh', script, folder.path, unit, program]
  const child = Bun.spawn(command, { cwd: '/', env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await child.exited
    await until('its control groups are empty', () => removeGroups(folder.path))
    folder.remove()
  }
  const within = (): string[] => ['nsenter', `--target=${firstChild(child.pid)}`, '--all', '--root', '--wd']
  const run = async (...words: readonly string[]): Promise<string> => await succeed([...within(), ...words])
  const attempt = async (...words: readonly string[]): Promise<Finished> => await runProgram([...within(), ...words])
  const shows = async (property: string): Promise<string> => (await run('systemctl', 'show', '--value', '-p', property, 'berth')).trim()
  try {
    await until('systemd is up', async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${await child.stderr.text()}`)
      return /^systemd$/m.test(nameOf(firstChild(child.pid))) && (await attempt('systemctl', 'is-active', 'booted.target')).code === 0
    })
  } catch (error) {
    await end()
    throw error
  }
  return Object.freeze({ run, attempt, shows, end })
}

/** The process that is the first one in there; empty before there is any. */
function firstChild(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
}

function nameOf(pid: string): string {
  return pid === '' ? '' : readFileSync(`/proc/${pid}/comm`, 'latin1')
}

const removal = 'mount -t cgroup2 none "$0"; [ ! -d "$0/$1" ] || find "$0/$1" -depth -type d -exec rmdir {} +'

/** Whether they could be removed: as long as a process is ending they cannot. */
async function removeGroups(folder: string): Promise<boolean> {
  return (await runProgram(['unshare', '--mount', 'sh', '-euc', removal, join(folder, 'groups'), basename(folder)])).code === 0
}
