import { type Measurement, type Results, spread } from '../results.ts'
import { limits } from '../systems/index.ts'
import type { Figure } from '../workloads/index.ts'
import { nameOf, number, shown } from './format.ts'

/** Where another registry did better than Berth in a figure that its workload shows, in words: the page says it first. */
export function whereOthersAreBetter({ systems, workloads }: Results): string[] {
  return workloads.flatMap((workload) =>
    workload.parts.flatMap(({ name, measurements }) => {
      const own = measurements.find(({ system }) => system === 'berth')
      if (own === undefined || own.samples.length === 0) return []
      return workload.shows.flatMap((figure) => {
        const { caption, better, scale } = shown(figure, workload)
        const said = (measurement: Measurement): string => number(scale(median(measurement, figure)))
        return measurements
          .filter((other) => !limits.includes(other.system) && other.samples.length > 0)
          .filter((other) => isBetter(median(other, figure), median(own, figure), better))
          .map((other) => {
            const where = `${workload.id}${name && `, ${name}`}`
            return `${where}: ${nameOf(systems, other.system)}, ${caption}: ${said(other)}, Berth ${said(own)}`
          })
      })
    }),
  )
}

function isBetter(a: number, b: number, better: 'less' | 'more'): boolean {
  return better === 'less' ? a < b : a > b
}

function median(measurement: Measurement, figure: Figure): number {
  return spread(measurement, figure).median
}
