import { readdirSync } from 'node:fs'

/** The file descriptors of this process; absent where the system does not tell (it does on Linux). */
export function openFileCount(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}
