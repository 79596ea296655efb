import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachServer } from '../for-each-server.ts'
import { startServer } from '../server.ts'

setDefaultTimeout(180_000)

const digestOf = (bytes: Uint8Array | string): string => `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Each request on a connection of its own: whichever thread the system chooses gets it. */
async function send(url: string, method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) {
  return await fetch(new URL(path, url), { method, headers: { connection: 'close', ...headers }, ...(body === undefined ? {} : { body }) })
}

async function expectStatus(answer: Promise<Response>, status: number): Promise<Response> {
  const { status: got } = await answer
  expect(got).toBe(status)
  return await answer
}

/** POST, two PATCHes and PUT, then HEAD. */
async function pushBlob(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const locationOf = (answer: Response): string => answer.headers.get('location') ?? ''
  let at = locationOf(await expectStatus(send(url, 'POST', '/v2/team/app/blobs/uploads/'), 202))
  const half = Math.floor(bytes.length / 2)
  for (const [from, to] of [[0, half], [half, bytes.length]] as const) {
    const range = { 'content-type': 'application/octet-stream', 'content-range': `${from}-${to - 1}` }
    at = locationOf(await expectStatus(send(url, 'PATCH', at, bytes.slice(from, to), range), 202))
  }
  const place = new URL(at, url)
  place.searchParams.set('digest', digestOf(bytes))
  await expectStatus(send(url, 'PUT', place.href), 201)
  await expectStatus(send(url, 'HEAD', `/v2/team/app/blobs/${digestOf(bytes)}`), 200)
}

function manifestOf(config: Uint8Array, layer: Uint8Array): string {
  const of = (type: string, bytes: Uint8Array) => ({ mediaType: type, digest: digestOf(bytes), size: bytes.length })
  const parts = { config: of('application/vnd.oci.image.config.v1+json', config), layers: [of('application/vnd.oci.image.layer.v1.tar', layer)] }
  return JSON.stringify({ schemaVersion: 2, mediaType, ...parts })
}

forEachServer(
  'a server of three threads',
  (server) => {
    test('goes on with an upload in whichever thread, and has at once what another one has taken', async () => {
      const { url } = server()
      const config = new TextEncoder().encode('{}')
      await pushBlob(url, config)
      // Small ones are rows, large ones files.
      for (let round = 0; round < 12; round++) {
        const layer = crypto.getRandomValues(new Uint8Array(round % 2 === 0 ? 5_000 : 200_000))
        await pushBlob(url, layer)
        const manifest = manifestOf(config, layer)
        const path = '/v2/team/app/manifests/latest'
        await expectStatus(send(url, 'PUT', path, manifest, { 'content-type': mediaType }), 201)
        const pulls = await Promise.all(Array.from({ length: 8 }, () => send(url, 'GET', path)))
        for (const pulled of pulls) expect(await pulled.text()).toBe(manifest)
        await expectStatus(send(url, 'DELETE', path), 202)
        await Promise.all(Array.from({ length: 8 }, () => expectStatus(send(url, 'HEAD', path), 404)))
      }
    })

    test('takes the end of an upload in whichever thread, and copies nothing', async () => {
      const { url, output } = server()
      const ops = /(http:\/\/\S+)\/metrics\n/.exec(output())?.[1] ?? ''
      const claims = async (): Promise<number> =>
        Number(/transactions_total\{transaction="claim upload",outcome="done"\} (\d+)/.exec(await (await fetch(`${ops}/metrics`)).text())?.[1] ?? 0)
      const before = await claims()
      const count = 20
      for (let n = 0; n < count; n++) {
        const bytes = crypto.getRandomValues(new Uint8Array(300_000))
        const begun = await expectStatus(send(url, 'POST', '/v2/team/app/blobs/uploads/'), 202)
        const patched = await expectStatus(send(url, 'PATCH', begun.headers.get('location') ?? '', bytes), 202)
        const place = new URL(patched.headers.get('location') ?? '', url)
        const wrong = n % 5 === 4
        place.searchParams.set('digest', digestOf(wrong ? 'something else' : bytes))
        await expectStatus(send(url, 'PUT', place.href), wrong ? 400 : 201)
        const pulled = await expectStatus(send(url, 'GET', `/v2/team/app/blobs/${digestOf(bytes)}`), wrong ? 404 : 200)
        if (!wrong) expect(digestOf(await pulled.bytes())).toBe(digestOf(bytes))
      }
      expect((await claims()) - before).toBe(count)
    })

    test('writes each line of its log whole', async () => {
      const { url, output } = server()
      const paths = Array.from({ length: 600 }, (_, n) => `/v2/team/app/manifests/line-${n}-${'x'.repeat(100)}`)
      await Promise.all(paths.map((path) => send(url, 'HEAD', path)))
      const seen = () => output().split('\n').filter((line) => line.includes('"path":"/v2/team/app/manifests/line-'))
      while (seen().length < paths.length) await new Promise((resolve) => setImmediate(resolve))
      expect(new Set(seen().map((line) => (JSON.parse(line) as { path: string }).path))).toEqual(new Set(paths))
    })
  },
  { flags: ['--workers', '3'], env: { BERTH_OPS_LISTEN: '127.0.0.1:0' } },
)

test('a port that several threads share is in use for a second server, however many threads it has', async () => {
  const server = await startServer({ flags: ['--workers', '2'] })
  const { host } = new URL(server.url)
  for (const workers of ['1', '2']) {
    const second = startServer({ flags: ['--listen', host, '--workers', workers] })
    await expect(second).rejects.toThrow(`berth: cannot listen on ${host}: another program uses that port.`)
  }
  expect(await server.stop()).toBe(0)
})

test('operators see what all threads do together, and can look into each', async () => {
  const server = await startServer({ flags: ['--workers', '3'], env: { BERTH_OPS_LISTEN: '127.0.0.1:0' } })
  try {
    const ops = /(http:\/\/\S+)\/metrics\n/.exec(server.output())?.[1] ?? ''
    const asked = 60
    for (let n = 0; n < asked; n++) await expectStatus(send(server.url, 'GET', `/v2/team/app/manifests/missing-${n}`), 404)
    const metrics = await (await fetch(`${ops}/metrics`)).text()
    expect(metrics).toContain(`registry_http_requests_total{handler="manifest",method="get",code="404"} ${asked}\n`)
    expect(metrics.match(/^# TYPE registry_http_requests_total /gm)).toHaveLength(1)
    expect(await (await fetch(`${ops}/readyz`)).text()).toBe('ok\n')
    const profiles = await Promise.all(['0', '1', '3'].map(async (thread) => await fetch(`${ops}/debug/profile?seconds=1&thread=${thread}`)))
    for (const profile of profiles) expect(((await profile.json()) as { nodes: unknown[] }).nodes.length).toBeGreaterThan(0)
    expect((await fetch(`${ops}/debug/profile?seconds=1&thread=4`)).status).toBe(400)
  } finally {
    expect(await server.stop()).toBe(0)
  }
})
