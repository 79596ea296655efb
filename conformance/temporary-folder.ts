import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder, its path and how it goes. */
export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'berth-conformance-'))
  return Object.freeze({ path, remove: () => rmSync(path, { recursive: true, force: true }) })
}
