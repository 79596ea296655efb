import { expect, test } from 'bun:test'
import { createCounter, createGauge, createHistogram, exposition, type Metric } from '../observe/index.ts'
import type { MetricValues } from './messages.ts'
import { summed } from './sum-metrics.ts'

async function valuesOf(metrics: readonly Metric[]): Promise<MetricValues[]> {
  return await Promise.all(
    metrics.map(async (metric) => ({ name: metric.name, help: metric.help, type: metric.type, samples: [...(await metric.samples())] })),
  )
}

function metricsOfThread() {
  const total = createCounter('requests_total', 'Requests.', 'code')
  const seconds = createHistogram('seconds', 'Time.', [1, 2])
  return { total, seconds, metrics: [total, seconds] }
}

test('counters and histograms of all threads are added up by their labels, and each thread is asked once', async () => {
  const [own, first, second] = [metricsOfThread(), metricsOfThread(), metricsOfThread()]
  const total = createCounter('only_here', 'Here alone.')
  total.of().add(5)
  const gauge = createGauge('in_flight', 'Now.', () => 2)
  first.total.of('200').add(3)
  second.total.of('200').add(4)
  second.total.of('404').add(1)
  for (const [thread, values] of [[own, [1.5]], [first, [0.5, 3]], [second, [2]]] as const) {
    for (const value of values) thread.seconds.of().observe(value)
  }
  let asked = 0
  const metrics = await summed([...own.metrics, total], async () => {
    asked++
    return [...(await valuesOf([...first.metrics, gauge])), ...(await valuesOf([...second.metrics, gauge]))]
  })
  asked = 0
  expect(await exposition(metrics)).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200"} 7
requests_total{code="404"} 1
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="1"} 1
seconds_bucket{le="2"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 7
seconds_count 4
# HELP only_here Here alone.
# TYPE only_here counter
only_here 5
# HELP in_flight Now.
# TYPE in_flight gauge
in_flight 4
`)
  expect(asked).toBe(1)
})
