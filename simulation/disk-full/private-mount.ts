import { mkdtempSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { within } from '../rig/poll.ts'

/** A folder for a server's data. */
export interface Place {
  /** Where it is for commands that run `under` it. */
  readonly path: string
  /** Where this process finds it. */
  readonly fromHere: string
  /** What runs a command that finds it under its path; the process id stays the command's. */
  readonly under: readonly string[]
  end(): Promise<void>
}

/** A file system of its own, which nobody outside sees: it is gone as soon as nothing uses it any more. */
export interface PrivateMount extends Place {
  /** Runs a shell script there, with the path as $1. Fails, with what it printed, unless it succeeds. */
  run(script: string): Promise<void>
}

/** A folder on the disk that temporary files are on. */
export function createFolder(): Place {
  const path = mkdtempSync(join(tmpdir(), 'berth-disk-'))
  return Object.freeze<Place>({ path, fromHere: path, under: [], end: () => rm(path, { recursive: true }) })
}

const inNamespace = ['unshare', '--mount', '--propagation', 'private']

/** Why there can be no such mount here; undefined when there can. */
export function whyNoMounts(): string | undefined {
  if (process.platform !== 'linux') return 'it takes Linux mounts'
  if (process.getuid?.() !== 0) return 'only root may mount'
  const { success, stderr } = Bun.spawnSync([...inNamespace, 'mount', '-t', 'tmpfs', 'berth', tmpdir()])
  return success ? undefined : `mounting is not possible here: ${stderr.toString().trim()}`
}

// Holds the namespace and with it the mount until its input ends, which also happens when this process is killed.
const keeper = 'eval "$2" && echo mounted && exec cat'

/** `mount`: a shell script that mounts something on $1. */
export async function createPrivateMount(mount: string): Promise<PrivateMount> {
  const path = mkdtempSync(join(tmpdir(), 'berth-mount-'))
  const keep = Bun.spawn([...inNamespace, 'sh', '-c', keeper, 'sh', path, mount], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const end = async (): Promise<void> => {
    await keep.stdin.end()
    await within('the end of a mount namespace', 30_000, keep.exited)
    rmdirSync(path)
  }
  const first = await within('the mount', 30_000, keep.stdout.getReader().read())
  if (first.done) {
    const reason = await keep.stderr.text()
    await end()
    throw new Error(`cannot mount: ${reason}`)
  }
  const under = ['nsenter', `--target=${keep.pid}`, '--mount', '--']
  return Object.freeze<PrivateMount>({
    path,
    fromHere: `/proc/${keep.pid}/root${path}`,
    under,
    run: async (script) => {
      const child = Bun.spawn([...under, 'sh', '-ec', script, 'sh', path], { stdio: ['ignore', 'pipe', 'pipe'] })
      const [printed, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
      if (code !== 0) throw new Error(`${script}: exit code ${code}: ${printed}${errors}`)
    },
    end,
  })
}
