/** Something that reads what comes from outside, and what must hold whatever comes. */
export interface Target {
  readonly name: string
  /** Valid inputs and near misses to begin with. */
  readonly seeds: readonly string[]
  /** Further words of its language. */
  readonly words?: readonly string[]
  /** Reads the input. Fails when what came of it breaks a rule. */
  readonly run: (input: Uint8Array) => void
}
