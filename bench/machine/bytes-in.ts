import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What the files under a folder take on the disk. Files may come and go meanwhile. */
export function bytesIn(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512
  }
  return sum
}
