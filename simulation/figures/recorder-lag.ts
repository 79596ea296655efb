// bun simulation/figures/recorder-lag.ts [SECONDS]: how far the recovery segments are behind while everybody pushes, and their size.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifactOf, emptyConfig, numberedBlob, openRegistryClient } from '../../bench/load/index.ts'
import { poll } from '../rig/poll.ts'
import { startServer } from '../rig/server-process.ts'

const seconds = Number(process.argv[2] ?? 20)
const clients = 8
const repository = 'team/artifacts'
const magic = 'berth recovery segment\n'

const folder = mkdtempSync(join(tmpdir(), 'berth-lag-'))
const data = join(folder, 'data')
const server = await startServer({ data, settings: { BERTH_STORAGE_SCRUB: 'off' } })
try {
  const acknowledged = new Map<number, number>()
  const lags: number[] = []
  let pushed = 0
  const push = async (until: number): Promise<void> => {
    const client = await openRegistryClient(Number(new URL(server.url).port))
    while (performance.now() < until) {
      const number = pushed++
      const blob = numberedBlob(number)
      await client.pushBlob(repository, blob)
      await client.pushManifest(repository, `v${number}`, artifactOf([blob]).manifest)
      acknowledged.set(number, performance.now())
    }
    client.close()
  }

  const seen = new Set<string>()
  let written = 0
  let unfinished: number[] = []
  const look = (): void => {
    const names = readdirSync(join(data, 'recovery')).filter((name) => /^\d+$/.test(name) && !seen.has(name))
    for (const name of names.sort()) {
      const bytes = readFileSync(join(data, 'recovery', name))
      const now = performance.now()
      seen.add(name)
      written += bytes.length
      unfinished.push(...[...bytes.toString('latin1').matchAll(/"v(\d+)"/g)].map(([, number]) => Number(number)))
      if (isUnfinished(bytes)) continue
      for (const number of unfinished) {
        const at = acknowledged.get(number)
        if (at !== undefined) lags.push(now - at)
        acknowledged.delete(number)
      }
      unfinished = []
    }
  }

  const first = await openRegistryClient(Number(new URL(server.url).port))
  await first.pushBlob(repository, emptyConfig)
  first.close()
  const until = performance.now() + seconds * 1000
  let looking = true
  const looked = (async () => {
    while (looking) {
      look()
      await Bun.sleep(20)
    }
  })()
  await Promise.all(Array.from({ length: clients }, () => push(until)))
  await poll('the last artifact in a segment', 30_000, () => Promise.resolve(acknowledged.size === 0 ? true : undefined))
  looking = false
  await looked
  await server.stop()
  look()
  lags.sort((a, b) => a - b)
  const kept = sizeOf(join(data, 'recovery'))
  const database = statSync(join(data, 'berth.db')).size
  console.log(
    JSON.stringify({
      seconds,
      artifacts: pushed,
      aSecond: Math.round(pushed / seconds),
      lagMs: { p50: at(lags, 0.5), p99: at(lags, 0.99), worst: at(lags, 1) },
      bytesPerArtifact: { segments: Math.round(kept / pushed), segmentsWritten: Math.round(written / pushed), database: Math.round(database / pushed) },
    }),
  )
} finally {
  if (server.running) await server.kill()
  rmSync(folder, { recursive: true })
}

/** Whether the moment that this segment is of goes on in the next one. */
function isUnfinished(bytes: Buffer): boolean {
  const length = bytes.readUInt32LE(magic.length)
  const start = magic.length + 12
  return (JSON.parse(bytes.toString('utf8', start, start + length)) as { readonly more: boolean }).more
}

function sizeOf(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}

function at(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
}
