/** What a run did: a run whose figures are small has shown little. */
export interface Figures {
  kills: number
  killsWhileStarting: number
  blobs: number
  mounts: number
  manifests: number
  deletes: number
  /** Of what was deleted before. */
  pushedAgain: number
  restores: number
  purges: number
  hotWrites: number
  hotReads: number
  /** Items looked at after a restart. */
  checks: number
  /** Things that were deleted and acknowledged, and were found in the trash after a restart. */
  foundInTrash: number
  /** Kills before which the collector had not done all that was due, and steps of it in all that took something away. */
  killsWhileCollecting: number
  collected: number
  /** Requests that a kill left without an answer, and that had taken place, and that had not. */
  lostButDone: number
  lostUndone: number
  /** Sessions taken up after a kill, and closing requests sent again that had taken place. */
  resumed: number
  closedAgain: number
  /** Sessions whose bytes a power cut took: they were refused, and nothing came of them. */
  sessionsLost: number
  /** Ms from the start of a process that finds data until it answered: the slowest, and the median one. */
  readyWorst: number
  readyMedian: number
  /** Times the database was taken away from a server that went on, and requests that it refused meanwhile. */
  databaseCrashes: number
  refused: number
  /** Ms from the return of the database until a write was acknowledged: the slowest. */
  backWorst: number
}

export function createFigures(): Figures {
  return {
    kills: 0,
    killsWhileStarting: 0,
    blobs: 0,
    mounts: 0,
    manifests: 0,
    deletes: 0,
    pushedAgain: 0,
    restores: 0,
    purges: 0,
    hotWrites: 0,
    hotReads: 0,
    checks: 0,
    foundInTrash: 0,
    killsWhileCollecting: 0,
    collected: 0,
    lostButDone: 0,
    lostUndone: 0,
    resumed: 0,
    closedAgain: 0,
    sessionsLost: 0,
    readyWorst: 0,
    readyMedian: 0,
    databaseCrashes: 0,
    refused: 0,
    backWorst: 0,
  }
}

/** Acknowledged requests of all kinds. */
export function acknowledgedOf({ blobs, mounts, manifests, deletes, restores, purges, hotWrites }: Figures): number {
  return blobs + mounts + manifests + deletes + restores + purges + hotWrites
}

/** Several runs as one. One that was recorded before a figure was taken does not have it. */
export function sumOf(runs: readonly Partial<Figures>[]): Figures {
  const total = createFigures()
  for (const run of runs) {
    for (const name of Object.keys(total) as (keyof Figures)[]) {
      const [worst, value] = [['readyWorst', 'readyMedian', 'backWorst'].includes(name), run[name] ?? 0]
      total[name] = worst ? Math.max(total[name], value) : total[name] + value
    }
  }
  return total
}
