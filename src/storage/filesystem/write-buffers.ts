/**
 * Buffers that many small chunks are gathered in, one system call each instead of many. Their number is bounded, since
 * anyone may open uploads and feed them slowly: a writer that gets none writes its chunks as they come. A few are kept for
 * the next writers.
 */
export interface WriteBuffers {
  take(): Uint8Array | undefined
  giveBack(buffer: Uint8Array): void
}

export function createWriteBuffers({ size, most, kept }: { size: number; most: number; kept: number }): WriteBuffers {
  const free: Uint8Array[] = []
  let lent = 0
  return Object.freeze({
    take(): Uint8Array | undefined {
      if (lent === most) return undefined
      lent++
      return free.pop() ?? new Uint8Array(size)
    },
    giveBack(buffer: Uint8Array): void {
      lent--
      if (free.length < kept) free.push(buffer)
    },
  })
}
