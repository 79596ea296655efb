import type { Edit } from '../rig/edited-program.ts'

/** A change of the program that breaks it. It type-checks: only a test can tell. */
export interface Plant {
  readonly name: string
  /** Which of the twelve of docs/design/data.md is broken. */
  readonly invariant: number
  readonly edits: readonly Edit[]
  /** Its rig takes more than half a minute to meet it. */
  readonly slow?: true
  readonly caughtBy: Catcher
}

/** A test of the ordinary test run that knows nothing of the plant, and passes without it. */
export interface Rig {
  readonly name: string
  /** A test file, and a part of the test's full name. */
  readonly file: string
  readonly test: string
  /** Of a test with a row for each case: how the name goes on. */
  readonly row?: string
  /** What a randomized test begins with. */
  readonly seed?: number
  readonly needs?: 'postgres' | 'root'
}

export interface Catcher {
  readonly rig: Rig
  /** A part of what the rig must say: a test that fails for another reason has found nothing. */
  readonly says: RegExp
}
