import { type Results, spread, type Spread, type WorkloadResult } from '../results.ts'
import { escape } from './escape.ts'
import { nameOf, number, shown } from './format.ts'

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

interface Panel {
  readonly caption: string
  readonly bars: readonly Bar[]
}

/**
 * Horizontal bars from zero, the median as the bar and the spread as a line over it: every figure that the workload shows, or
 * the first of them for each of its parts. It brings its own background and follows the reader's colour scheme, so it can be
 * read on any page.
 */
export function chartOf(results: Results, workload: WorkloadResult): string {
  const { id, title } = workload
  const panels = panelsOf(results, workload).filter(({ bars }) => bars.length > 0)
  const tops = panels.map((_, index) =>
    panels.slice(0, index).reduce((top, { bars }) => top + panelHead + bars.length * barStep + 10, 4),
  )
  const height = panels.reduce((top, { bars }) => top + panelHead + bars.length * barStep + 10, 8)
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title text">
<title id="title">${escape(`${id}: ${title}`)}</title>
<desc id="text">${escape(panels.map(inWords).join(' '))}</desc>
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
${panels.map((panel, index) => draw(panel, tops[index] ?? 0)).join('\n')}
</svg>
`
}

function panelsOf({ systems }: Results, workload: WorkloadResult): Panel[] {
  const [first = 'cpuMicros'] = workload.shows
  const wanted = workload.parts.flatMap((part) =>
    (workload.parts.length > 1 ? [first] : workload.shows).map((figure) => ({ part, figure })),
  )
  return wanted.map(({ part, figure }) => {
    const { caption, better, scale } = shown(figure, workload)
    const bars = part.measurements
      .filter(({ samples }) => samples.length > 0)
      .map((measurement) => {
        const { median, least, most } = spread(measurement, figure)
        const own = measurement.system === 'berth'
        return { name: nameOf(systems, measurement.system), own, median: scale(median), least: scale(least), most: scale(most) }
      })
    return { caption: `${part.name && `${part.name}: `}${caption} (${better} is better)`, bars }
  })
}

/** What the picture shows, for those who do not see it. */
function inWords({ caption, bars }: Panel): string {
  const each = bars.map(({ name, median, least, most }) => `${name} ${number(median)} (${number(least)} to ${number(most)})`)
  return `${caption}: ${each.join('; ')}.`
}

function draw({ caption, bars }: Panel, top: number): string {
  const longest = Math.max(Number.MIN_VALUE, ...bars.map(({ most }) => most))
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
