import { expect, test } from 'bun:test'
import { exposition } from '../observe/index.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createTestHttp } from './test-http.testing.ts'

const lines = async (metrics: ReturnType<typeof createRequestMetrics>) =>
  (await exposition(metrics.metrics)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

test("requests are counted under distribution's names", async () => {
  const requestMetrics = createRequestMetrics()
  const { ask } = createTestHttp({ requestMetrics })
  await ask('GET', '/v2/')
  await ask('GET', '/v2/a/manifests/missing')
  await ask('HEAD', '/v2/a/manifests/missing')
  await ask('POST', '/v2/a/blobs/uploads/')
  await ask('PURGE', '/v2/a/tags/list')
  await ask('GET', '/v2/%zz/tags/list')
  await ask('GET', '/nowhere')
  const text = await lines(requestMetrics)
  expect(text.filter((line) => line.startsWith('registry_http_requests_total'))).toEqual([
    'registry_http_requests_total{handler="base",method="get",code="200"} 1',
    'registry_http_requests_total{handler="manifest",method="get",code="404"} 1',
    'registry_http_requests_total{handler="manifest",method="head",code="404"} 1',
    'registry_http_requests_total{handler="blob_upload",method="post",code="202"} 1',
    'registry_http_requests_total{handler="tags",method="other",code="405"} 1',
    'registry_http_requests_total{handler="other",method="get",code="400"} 1',
    'registry_http_requests_total{handler="other",method="get",code="404"} 1',
  ])
  expect(text).toContain('registry_http_response_size_bytes_sum{handler="base"} 2')
  expect(text).toContain('registry_http_request_duration_seconds_count{handler="base",method="get"} 1')
  expect(text.filter((line) => line.startsWith('registry_http_in_flight') && !line.endsWith(' 0'))).toEqual([])
})

test('a length that is no number counts as none', async () => {
  const requestMetrics = createRequestMetrics()
  const { ask } = createTestHttp({ requestMetrics })
  await ask('GET', '/v2/', { headers: { 'content-length': '5, 5' } })
  const sums = (await lines(requestMetrics)).filter((line) => line.startsWith('registry_http_request_size_bytes_sum'))
  expect(sums).toEqual(['registry_http_request_size_bytes_sum{handler="other"} 0'])
})

test('a request is in flight under what it turned out to be, until it ends', async () => {
  const requestMetrics = createRequestMetrics()
  const running = requestMetrics.begin()
  running.is('blob')
  expect(await lines(requestMetrics)).toContain('registry_http_in_flight_requests{handler="blob"} 1')
  running.end({ method: 'GET', status: 200, received: 0, sent: 2_000_000, duration: 1 })
  const text = await lines(requestMetrics)
  expect(text).toContain('registry_http_in_flight_requests{handler="blob"} 0')
  expect(text).toContain('registry_http_response_size_bytes_bucket{handler="blob",le="1048576"} 0')
  expect(text).toContain('registry_http_response_size_bytes_bucket{handler="blob",le="2621440"} 1')
})
