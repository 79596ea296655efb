import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory with those above it, so that a power cut leaves it there with all that is acknowledged in it. One that is
 * there may have been made by a process that was killed before its name was durable.
 */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o750 })
  if (first === undefined) return syncIfAllowed(dirname(resolve(path)))
  for (let made = resolve(path); ; made = dirname(made)) {
    syncDirectory(dirname(made))
    if (made === resolve(first)) return
  }
}

/** Above a directory that somebody else made may be what we may not open; then they saw to its name. */
function syncIfAllowed(path: string): void {
  try {
    syncDirectory(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw error
  }
}

export function syncDirectory(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
