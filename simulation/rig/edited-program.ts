import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A text of a source file, which occurs there once, and what stands there instead. */
export interface Edit {
  /** Path from the root of the checkout. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A copy of the program with a bug put in on purpose, to see whether a rig finds it. */
export interface EditedProgram {
  /** What to start instead of `./berth`. */
  readonly launcher: string
  dispose(): void
}

const root = join(import.meta.dir, '..', '..')

/** Fails when an edit does not fit the source any more. */
export function createEditedProgram(edits: readonly Edit[]): EditedProgram {
  const folder = mkdtempSync(join(tmpdir(), 'berth-edited-'))
  const dispose = (): void => rmSync(folder, { recursive: true })
  try {
    for (const name of ['berth', 'package.json', 'src']) cpSync(join(root, name), join(folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const { file, from, to } of edits) {
      const path = join(folder, file)
      const parts = readFileSync(path, 'utf8').split(from)
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times the text to edit: ${from}`)
      writeFileSync(path, parts.join(to))
    }
  } catch (error) {
    dispose()
    throw error
  }
  return Object.freeze({ launcher: join(folder, 'berth'), dispose })
}
