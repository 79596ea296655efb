import type { Happening } from './happening.ts'

/** Told everything in order; answers how often its interleaving has just occurred. */
export type Detector = (happening: Happening) => number

/** A stretch of a run that is about something: `id` tells it from others, `about` is what may happen to it. */
export interface Stretch {
  opens(happening: Happening): { readonly id: string; readonly about: string } | undefined
  /** The ids of those that end here. */
  closes(happening: Happening): readonly string[]
}

/** Occurs when a stretch ends in which `what` named what it is about at least `times` times. */
export function countWithin(stretch: Stretch, what: (happening: Happening) => string | undefined, times: number): Detector {
  const open = new Map<string, { readonly about: string; count: number }>()
  return (happening) => {
    const named = what(happening)
    if (named !== undefined) for (const each of open.values()) if (each.about === named) each.count++
    let occurred = 0
    for (const id of stretch.closes(happening)) {
      if ((open.get(id)?.count ?? 0) >= times) occurred++
      open.delete(id)
    }
    const opened = stretch.opens(happening)
    if (opened !== undefined) open.set(opened.id, { about: opened.about, count: 0 })
    return occurred
  }
}

export const sawWithin = (stretch: Stretch, what: (happening: Happening) => string | undefined): Detector =>
  countWithin(stretch, what, 1)

/** Occurs for everything that had begun and not ended in a process when that crashed. */
export function crashed(begins: (happening: Happening) => string | undefined, ends: (happening: Happening) => string | undefined): Detector {
  const pending = new Map<string, Set<string>>()
  return (happening) => {
    const { process } = happening
    const mine = pending.get(process) ?? new Set()
    pending.set(process, mine)
    const [begun, ended] = [begins(happening), ends(happening)]
    if (begun !== undefined) mine.add(begun)
    if (ended !== undefined) mine.delete(ended)
    if (happening.kind !== 'crash') return 0
    pending.delete(process)
    return mine.size
  }
}
