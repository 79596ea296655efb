// bun simulation/figures/scrub-rate.ts [GIB]: how fast the scrubber reads when it may, and what pulls notice of it at its own rate.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readUse } from '../../bench/machine/index.ts'
import { createClient, expectStatus } from '../rig/client.ts'
import { bytesOf, createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import { poll } from '../rig/poll.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'

const gib = 2 ** 30
const total = Number(process.argv[2] ?? 1) * gib
const layerSize = 64 * 2 ** 20
const repository = 'team/app'
const [pullers, window] = [8, 6_000]

const folder = mkdtempSync(join(tmpdir(), 'berth-scrub-'))
const [data, untouched] = [join(folder, 'data'), join(folder, 'untouched')]
try {
  await fill()
  cpSync(data, untouched, { recursive: true })
  const off = { BERTH_STORAGE_SCRUB: 'off' }
  const [without, beside] = [[] as number[], [] as number[]]
  for (let turn = 0; turn < 3; turn++) {
    without.push(...(await pulls(off)))
    // Of 1 GiB a pass takes a minute at the rate that is preset: the scrubber reads all the time.
    beside.push(...(await pulls({})))
  }
  console.log(JSON.stringify({ pullers, withoutMs: quantiles(without), besideMs: quantiles(beside) }))
  console.log(JSON.stringify({ gib: total / gib, ...(await scrub()) }))
} finally {
  rmSync(folder, { recursive: true })
}

async function fill(): Promise<void> {
  await withServer({ BERTH_STORAGE_SCRUB: 'off' }, async ({ url }) => {
    for (let number = 0; number < total / layerSize; number++) {
      const bytes = new Uint8Array(layerSize)
      for (let at = 0; at < layerSize; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536))
      const digest = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
      const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/?digest=${digest}`, {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'application/octet-stream' },
      })
      if (answer.status !== 201) throw new Error(`a push answered ${answer.status}: ${await answer.text()}`)
    }
    const client = createClient(url)
    const [config, layer] = [createContent('config', 500), createContent('layer', 200_000)]
    for (const content of [config, layer]) {
      expectStatus(await client.send('POST', `/v2/${repository}/blobs/uploads/?digest=${content.digest}`, { body: bytesOf(content) }), 201)
    }
    const { bytes, mediaType } = createManifest('image', config, [layer])
    expectStatus(await client.send('PUT', `/v2/${repository}/manifests/v1`, { body: bytes, headers: { 'content-type': mediaType } }), 201)
  })
}

/** Ms that each pull of a small image took, its manifest and a layer of 200 kB, by several at once. */
async function pulls(settings: Record<string, string>): Promise<number[]> {
  const layer = createContent('layer', 200_000).digest
  return await withServer(settings, async ({ url }) => {
    const taken: number[] = []
    const end = performance.now() + window
    const pull = async (): Promise<void> => {
      for (let start = performance.now(); start < end; start = performance.now()) {
        for (const path of [`manifests/v1`, `blobs/${layer}`]) {
          const answer = await fetch(`${url}/v2/${repository}/${path}`)
          if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
          await answer.arrayBuffer()
        }
        taken.push(performance.now() - start)
      }
    }
    await Promise.all(Array.from({ length: pullers }, pull))
    return taken
  })
}

/** MiB a second of a pass, from its first look to the line in the log that it is over; and a second of the server's CPU, its start included. */
async function scrub(): Promise<{ readonly mibASecond: number; readonly mibACpuSecond: number }> {
  return await withServer({ BERTH_STORAGE_SCRUB: '100GiB', BERTH_LOG_LEVEL: 'info' }, async (server) => {
    const line = await poll('the end of the pass', 60_000, () => Promise.resolve(/^\{.*the scrubber has looked at everything.*\}$/m.exec(server.output)?.[0]))
    const { since, time } = JSON.parse(line) as { readonly since: number; readonly time: string | number }
    const mib = total / 2 ** 20
    const rate = (seconds: number): number => Math.round(mib / seconds)
    return { mibASecond: rate((new Date(time).getTime() - since) / 1000), mibACpuSecond: rate(readUse(server.pid).cpuSeconds) }
  }, untouched)
}

async function withServer<T>(settings: Record<string, string>, work: (server: ServerProcess) => Promise<T>, from = data): Promise<T> {
  const server = await startServer({ data: from, settings })
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

function quantiles(list: number[]): Record<'p50' | 'p99' | 'worst' | 'pulls', number> {
  list.sort((a, b) => a - b)
  const at = (part: number): number => Math.round((list[Math.min(list.length - 1, Math.floor(part * list.length))] ?? 0) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), worst: at(1), pulls: list.length }
}
