import { expect, test } from 'bun:test'
import { exposition } from './exposition.ts'
import { createCounter, createGauge, createHistogram, createLabelledGauge, createReadCounter } from './metric.ts'

test('counters are written per series, in the order they were first used', async () => {
  const requests = createCounter('requests_total', 'Requests.', 'handler', 'code')
  const kept = requests.of('manifest', '200')
  kept.add()
  requests.of('blob', '404').add(3)
  kept.add()
  expect(await exposition([requests])).toBe(
    '# HELP requests_total Requests.\n# TYPE requests_total counter\n' +
      'requests_total{handler="manifest",code="200"} 2\nrequests_total{handler="blob",code="404"} 3\n',
  )
})

test('a histogram counts a value in its bucket and all higher ones, a value on a bound below it', async () => {
  const seconds = createHistogram('seconds', 'Time.', [0.1, 1], 'handler')
  for (const value of [0.05, 0.1, 0.5, 1, 7]) seconds.of('blob').observe(value)
  expect((await exposition([seconds])).split('\n').slice(2)).toEqual([
    'seconds_bucket{handler="blob",le="0.1"} 2',
    'seconds_bucket{handler="blob",le="1"} 4',
    'seconds_bucket{handler="blob",le="+Inf"} 5',
    'seconds_sum{handler="blob"} 8.65',
    'seconds_count{handler="blob"} 5',
    '',
  ])
})

test('gauges are read when asked; one that gives nothing or fails leaves the others alone', async () => {
  let value: number | undefined = 4
  const metrics = [
    createGauge('broken', 'Fails.', () => Promise.reject(new Error('made up'))),
    createGauge('now', 'Now.', () => value),
    createLabelledGauge('held', 'Held.', 'name', () => [['a "quoted"\\\n', 1]]),
    createReadCounter('read_total', 'Read.', () => Infinity),
  ]
  const lines = (text: string) => text.split('\n').filter((line) => !line.startsWith('#') && line !== '')
  expect(lines(await exposition(metrics))).toEqual(['now 4', 'held{name="a \\"quoted\\"\\\\\\n"} 1', 'read_total +Inf'])
  value = undefined
  expect(lines(await exposition(metrics))).not.toContainEqual(expect.stringContaining('now'))
})
