import { type EffectiveSetting, placeOf, printSettings } from '../../config/index.ts'
import type { Say } from '../messages.ts'

/** `berth config check` for a valid configuration: that it is, and what was read to get it. */
export function checkConfig(settings: readonly EffectiveSetting[], say: Say): string {
  const counts = new Map<string, number>()
  for (const { source } of settings) {
    if (source.kind === 'default') continue
    const place = source.kind === 'file' ? source.path : source.name
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  const lines = [...counts].map(([place, count]) => say('check.from', { place, count: String(count) }))
  return `${[say('check.valid'), ...lines.map((line) => `  ${line}`), `  ${say('check.defaults')}`].join('\n')}\n`
}

/** `berth config print`: the values in effect as a berth.yaml, each with its source. */
export function printConfig(settings: readonly EffectiveSetting[], say: Say): string {
  return printSettings(settings, ({ source, text }) => {
    if (text === undefined) return say('print.unset')
    return source.kind === 'flag' ? say('source.flag', { name: source.name }) : (placeOf(source) ?? say('source.default'))
  })
}
