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
  /** The root of the copy. */
  readonly folder: string
  /** What to start instead of `./berth`. */
  readonly launcher: string
  dispose(): void
}

const root = join(import.meta.dir, '..', '..')
const program = ['berth', 'package.json', 'src']
/** What belongs to the program and all its tests. */
export const checkout: readonly string[] = [...program, 'tsconfig.json', 'bench', 'conformance', 'docs', 'simulation', 'tools']

/** Copies `parts` of this checkout and edits them. Fails when an edit does not fit the source any more. */
export function createEditedProgram(edits: readonly Edit[], parts: readonly string[] = program): EditedProgram {
  const folder = mkdtempSync(join(tmpdir(), 'berth-edited-'))
  const dispose = (): void => rmSync(folder, { recursive: true })
  try {
    for (const name of parts) cpSync(join(root, name), join(folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const edit of edits) writeFileSync(join(folder, edit.file), edited(edit, folder))
  } catch (error) {
    dispose()
    throw error
  }
  return Object.freeze({ folder, launcher: join(folder, 'berth'), dispose })
}

/** The file of an edit, edited. Fails when the text is not there, or is there more than once. */
export function edited({ file, from, to }: Edit, folder = root): string {
  const parts = readFileSync(join(folder, file), 'utf8').split(from)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times the text to edit: ${from}`)
  return parts.join(to)
}
