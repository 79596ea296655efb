/** How much a writer holds back, to write it with one system call. */
export interface HeldChunks {
  /** Bytes from which on they are written. */
  readonly size: number
  /** Whether one more writer may hold chunks back: anyone may open uploads and feed them slowly. */
  take(): boolean
  giveBack(): void
}

/** So many writers hold chunks back; those that come later write theirs as they come. */
export function createHeldChunks({ size, most }: { size: number; most: number }): HeldChunks {
  let lent = 0
  return Object.freeze({
    size,
    take(): boolean {
      if (lent === most) return false
      lent++
      return true
    },
    giveBack(): void {
      lent--
    },
  })
}
