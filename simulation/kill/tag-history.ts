/**
 * Everything that was done with one tag, judged as a linearizable register (invariant 5).
 *
 * Every write has a value of its own, so one pass decides exactly (Gibbons and Korach, "Testing Shared Memories", 1997): the
 * operations of a value span a zone between their earliest end and their latest start. When that end comes first, the tag had
 * the value for the whole zone; when the start comes first, all of them overlap, and some moment in the zone is enough. The
 * history is linearizable if and only if no two zones of the first kind overlap, and none of the second kind lies inside one
 * of the first.
 */
export interface TagHistory {
  /** A write is about to be sent. The returned function is called when it is acknowledged. */
  write(value: string, at: number): (at: number) => void
  /** A read just gave the value: a write of it must have begun before. */
  read(value: string, start: number, end: number): void
  /** The server is dead: what was not acknowledged has taken place by now, or never will. */
  cut(at: number): void
  /** What is wrong, or undefined. */
  judge(): string | undefined
  /** Forgets all but the present value, read just now with nothing under way. */
  settle(value: string): void
}

interface Written {
  readonly start: number
  end: number
  acknowledged: boolean
  readonly reads: { readonly start: number; readonly end: number }[]
}

export function createTagHistory(): TagHistory {
  let values = new Map<string, Written>()
  let strange: string | undefined

  return Object.freeze<TagHistory>({
    write: (value, at) => {
      if (values.has(value)) throw new Error(`two writes of ${value}`)
      const written: Written = { start: at, end: Infinity, acknowledged: false, reads: [] }
      values.set(value, written)
      return (end) => void Object.assign(written, { end, acknowledged: true })
    },
    read: (value, start, end) => {
      const written = values.get(value)
      if (written === undefined) strange ??= `read ${value}, which nobody wrote lately`
      else written.reads.push({ start, end })
    },
    cut: (at) => {
      for (const written of values.values()) written.end = Math.min(written.end, at)
    },
    judge: () => strange ?? judgeZones(zonesOf(values)),
    settle: (value) => {
      values = new Map([[value, { start: -Infinity, end: -Infinity, acknowledged: true, reads: [] }]])
      strange = undefined
    },
  })
}

interface Zone {
  readonly value: string
  readonly firstEnd: number
  readonly lastStart: number
}

/** A write that nobody acknowledged or read may never have taken place: it says nothing. */
function zonesOf(values: ReadonlyMap<string, Written>): Zone[] {
  return [...values].flatMap(([value, { start, end, acknowledged, reads }]) => {
    if (!acknowledged && reads.length === 0) return []
    const operations = [{ start, end }, ...reads]
    return [
      {
        value,
        firstEnd: Math.min(...operations.map((one) => one.end)),
        lastStart: Math.max(...operations.map((one) => one.start)),
      },
    ]
  })
}

function judgeZones(zones: readonly Zone[]): string | undefined {
  const held = zones.filter(({ firstEnd, lastStart }) => firstEnd < lastStart).sort((a, b) => a.firstEnd - b.firstEnd)
  for (const [i, zone] of held.entries()) {
    const next = held[i + 1]
    if (next !== undefined && next.firstEnd < zone.lastStart) return stale(zone, next)
  }
  const momentary = zones.filter(({ firstEnd, lastStart }) => firstEnd >= lastStart)
  for (const inner of momentary) {
    const outer = held.find((zone) => zone.firstEnd < inner.lastStart && inner.firstEnd < zone.lastStart)
    if (outer !== undefined) return stale(outer, inner)
  }
  return undefined
}

function stale(one: Zone, other: Zone): string {
  const show = ({ value, firstEnd, lastStart }: Zone) => `${value} (first end ${firstEnd}, last start ${lastStart})`
  return `no order of the operations explains both ${show(one)} and ${show(other)}`
}
