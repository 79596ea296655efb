import { type Results, type Sample, spread, type Spread, type WorkloadResult } from '../results.ts'
import { inCpuUnit, number } from './format.ts'

interface Bar extends Spread {
  readonly name: string
  readonly own: boolean
}

const width = 760
const left = 150
const right = 220
const barHeight = 22
const barStep = 34
const panelHead = 44

/**
 * Horizontal bars from zero: CPU, then rate, the median as the bar and the spread as a line over it. It brings its own
 * background and follows the reader's colour scheme, so it can be read on any page.
 */
export function chartOf(results: Results, workload: WorkloadResult): string {
  const { unit, cpuUnit, id, title } = workload
  const cpu = barsOf(results, workload, 'cpuMicros', (micros) => inCpuUnit(workload, micros))
  const rate = barsOf(results, workload, 'rate', (value) => value)
  const panelHeight = panelHead + cpu.length * barStep + 10
  const height = 2 * panelHeight + 8
  const cpuCaption = `CPU of the server per ${unit}, ${cpuUnit} (less is better)`
  const rateCaption = `${unit.charAt(0).toUpperCase()}${unit.slice(1)}s a second (more is better)`
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title text">
<title id="title">${escape(`${id}: ${title}`)}</title>
<desc id="text">${escape(`${inWords(cpuCaption, cpu)} ${inWords(rateCaption, rate)}`)}</desc>
<style>
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .caption { font-weight: 600 }
  .ground { fill: #ffffff; stroke: #d1d9e0 }
  .bar { fill: #8c959f }
  .own { fill: #0969da }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .ground { fill: #0d1117; stroke: #3d444d }
    .bar { fill: #656c76 }
    .own { fill: #4493f8 }
    .spread { stroke: #f0f6fc }
  }
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${panel(cpu, cpuCaption, 4)}
${panel(rate, rateCaption, 4 + panelHeight)}
</svg>
`
}

function barsOf({ systems }: Results, workload: WorkloadResult, figure: keyof Sample, scale: (value: number) => number): Bar[] {
  return workload.measurements
    .filter(({ samples }) => samples.length > 0)
    .map((measurement) => {
      const { median, least, most } = spread(measurement, figure)
      const name = systems.find(({ id }) => id === measurement.system)?.name ?? measurement.system
      return { name, own: measurement.system === 'berth', median: scale(median), least: scale(least), most: scale(most) }
    })
}

/** What the picture shows, for those who do not see it. */
function inWords(caption: string, bars: readonly Bar[]): string {
  const each = bars.map(({ name, median, least, most }) => `${name} ${number(median)} (${number(least)} to ${number(most)})`)
  return `${caption}: ${each.join('; ')}.`
}

function panel(bars: readonly Bar[], caption: string, top: number): string {
  const longest = Math.max(...bars.map(({ most }) => most))
  const span = (value: number): number => Math.round((value / longest) * (width - left - right) * 10) / 10
  const lines = bars.map(({ name, own, median, least, most }, index) => {
    const y = top + panelHead + index * barStep
    const middle = y + barHeight / 2
    const label = `${number(median)} (${number(least)} - ${number(most)})`
    return `<text x="${left - 10}" y="${middle + 5}" text-anchor="end">${escape(name)}</text>
<rect class="${own ? 'own' : 'bar'}" x="${left}" y="${y}" width="${Math.max(1, span(median))}" height="${barHeight}"/>
<line class="spread" x1="${left + span(least)}" x2="${left + span(most)}" y1="${middle}" y2="${middle}"/>
<text x="${left + span(most) + 10}" y="${middle + 5}">${escape(label)}</text>`
  })
  return [`<text class="caption" x="16" y="${top + 26}">${escape(caption)}</text>`, ...lines].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
