import type { SystemId } from '../systems/index.ts'
import type { Figure, Goal, Medians } from './workload.ts'

/** Registries that acknowledge a push when it is on disk: those whose figures are compared without a word. */
const durablePeers: readonly SystemId[] = ['docker-registry', 'distribution', 'zot']

const named: Readonly<Record<Figure, string>> = {
  cpuMicros: 'CPU',
  rate: 'rate',
  p50: 'time',
  p99: 'p99',
  peakBytes: 'peak memory',
  restBytes: 'memory at rest',
  leftBytes: 'bytes left on the disk',
}

/** Berth's figure beside another system's: `beside('zot', 'cpuMicros', 1 / 4)` is at most a quarter of zot's CPU. */
export function beside(peer: SystemId, figure: Figure, limit: number, part = ''): Goal {
  return goalOf(part, `Berth's ${named[figure]} beside ${peer}'s`, figure, limit, (medians) => medians[peer]?.[figure])
}

/** Beside the best of the durable registries that were measured. */
export function besideBest(figure: Figure, limit: number, part = ''): Goal {
  return goalOf(part, `Berth's ${named[figure]} beside the best peer's`, figure, limit, (medians) => {
    const values = durablePeers.flatMap((peer) => medians[peer]?.[figure] ?? [])
    if (values.length === 0) return undefined
    return figure === 'rate' ? Math.max(...values) : Math.min(...values)
  })
}

/** One part beside another part, both Berth's. */
export function besidePart(figure: Figure, limit: number, part: string, other: string): Goal {
  const kind = kindOf(figure)
  return {
    text: `Berth's ${named[figure]} for ${part} beside that for ${other}`,
    kind,
    limit,
    unit: '×',
    figure: (medians) => ratio(medians(part).berth?.[figure], medians(other).berth?.[figure]),
  }
}

/** Berth's figure in a unit that is so many of the figure's own: `limit('cpuMicros', 20, 'µs', 1)`. */
export function limit(figure: Figure, most: number, unit: string, scale: number, part = ''): Goal {
  return {
    text: `${inPart(part)}Berth's ${named[figure]}`,
    kind: kindOf(figure),
    limit: most,
    unit,
    figure: (medians) => {
      const value = medians(part).berth?.[figure]
      return value === undefined ? undefined : value / scale
    },
  }
}

function goalOf(part: string, text: string, figure: Figure, most: number, other: (medians: Medians) => number | undefined): Goal {
  return {
    text: inPart(part) + text,
    kind: kindOf(figure),
    limit: most,
    unit: '×',
    figure: (medians) => ratio(medians(part).berth?.[figure], other(medians(part))),
  }
}

function inPart(part: string): string {
  return part === '' ? '' : `${part}: `
}

function kindOf(figure: Figure): Goal['kind'] {
  return figure === 'rate' ? 'at least' : 'at most'
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b
}
