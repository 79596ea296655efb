import type { Metric, Sample } from './metric.ts'

/** The media type of `exposition`. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * All metrics in the text format of Prometheus, version 0.0.4. A metric whose values can't be had is left out, so that the
 * others are still seen when, say, the database is down.
 */
export async function exposition(metrics: readonly Metric[]): Promise<string> {
  const parts = await Promise.all(metrics.map((metric) => block(metric).catch(() => '')))
  return parts.join('')
}

async function block(metric: Metric): Promise<string> {
  const { name, help, type } = metric
  const lines = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`]
  for (const sample of await metric.samples()) lines.push(`${name}${sample.suffix}${labelsOf(sample)} ${numberOf(sample.value)}`)
  return `${lines.join('\n')}\n`
}

function labelsOf({ labels }: Sample): string {
  if (labels.length === 0) return ''
  return `{${labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`
}

function numberOf(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
