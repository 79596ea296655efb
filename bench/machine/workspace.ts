import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary folder on a disk. */
export interface Workspace {
  readonly path: string
  /** `ext4` */
  readonly fileSystem: string
  remove(): void
}

/**
 * In the system's temporary folder, or in /var/tmp where that one is kept in memory.
 * @throws Error where there is no disk: an fsync that costs nothing is not worth measuring
 */
export function openWorkspace(): Workspace {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  for (const parent of new Set([tmpdir(), '/var/tmp'])) {
    const fileSystem = fileSystemOf(parent, mounts)
    if (fileSystem === undefined || inMemory.has(fileSystem)) continue
    const path = mkdtempSync(join(parent, 'berth-bench-'))
    return Object.freeze({ path, fileSystem, remove: () => rmSync(path, { recursive: true, force: true }) })
  }
  throw new Error('the temporary folders are in memory; set TMPDIR to a folder on a disk')
}

const inMemory = new Set(['tmpfs', 'ramfs', 'devtmpfs'])

/** proc(5), mountinfo: the mount point is the fifth field, the type follows a lone hyphen; the last mount on a point counts. */
export function fileSystemOf(path: string, mountinfo: string): string | undefined {
  const mounts = mountinfo.trim().split('\n').map((line) => {
    const [left = '', right = ''] = line.split(' - ')
    return { point: left.split(' ')[4] ?? '', type: right.split(' ')[0] }
  })
  const covering = mounts.filter(({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`))
  const longest = Math.max(...covering.map(({ point }) => point.length))
  return covering.findLast(({ point }) => point.length === longest)?.type
}
