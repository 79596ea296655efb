import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is made when its path is first asked for: a skipped test leaves none. */
export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

export function temporaryFolder(): TemporaryFolder {
  let made: string | undefined
  return Object.freeze({
    get path() {
      made ??= mkdtempSync(join(tmpdir(), 'berth-conformance-'))
      return made
    },
    remove() {
      if (made !== undefined) rmSync(made, { recursive: true, force: true })
    },
  })
}
