/** A call that may have brought something into being, or shown it, with what follows for later. */
export interface Deed {
  /** Steps. */
  readonly start: number
  readonly end: number
  /** It was acknowledged. */
  readonly sure: boolean
  /** Until this time nobody but a deleter may take it away. */
  readonly until: number
  /** The bytes were stored anew. */
  readonly heals: boolean
  /** The manifest that holds it, while that is there. */
  readonly manifest: string | undefined
  /** It came out of the trash: what it holds was never gone. */
  readonly restores?: true
  /** An index that lists it was put: it was there, and is kept by that. */
  readonly names?: true
}

export interface History {
  readonly there: Deed[]
  readonly gone: { readonly start: number; readonly end: number; readonly sure: boolean }[]
}

/** What was done to each digest in each repository. */
export class Histories {
  readonly #histories = new Map<string, History>()
  readonly #byDigest = new Map<string, History[]>()

  of(repository: string, digest: string): History {
    const key = `${repository} ${digest}`
    const known = this.#histories.get(key)
    if (known !== undefined) return known
    const history = { there: [], gone: [] }
    this.#histories.set(key, history)
    this.#byDigest.set(digest, [...(this.#byDigest.get(digest) ?? []), history])
    return history
  }

  known(repository: string, digest: string): boolean {
    return this.#histories.has(`${repository} ${digest}`)
  }

  /** What was done to a digest in any repository. */
  everywhere(digest: string): Deed[] {
    return (this.#byDigest.get(digest) ?? []).flatMap(({ there }) => there)
  }
}
