import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, Lost, Violation } from '../rig/client.ts'
import { createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import { takeInventory } from '../rig/inventory.ts'
import { createLedger, type Item, type Ledger } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import type { TestedDatabase } from '../rig/tested-database.ts'
import { createFigures } from '../kill/figures.ts'
import { createHotTags, hotConfig, hotRepository, overwrite, overwriteOn } from '../kill/hot-tags.ts'
import { pushContent, putManifest, writeImages } from '../kill/image-writer.ts'
import { type BaseLayers, choicesOf, type Load } from '../kill/load.ts'
import { runCommand, startCommand } from './berth-command.ts'
import type { Places } from './places.ts'
import { shredOn } from './shredder.ts'

export interface BackupRound {
  readonly seed: number
  /** An empty folder. */
  readonly folder: string
  readonly from: TestedDatabase
  readonly to: TestedDatabase
  /** Backups that are killed before one may come to its end. */
  readonly kills: number
}

export interface BackupFigures {
  /** Manifests and tags acknowledged before the backup began, and not deleted since, that were looked for in the copy. */
  readonly checked: number
  readonly objects: number
  /** Backups that were killed, and of them those after which there was a whole one all the same. */
  readonly killed: number
  readonly wholeAfterKill: number
}

const base: BaseLayers = {
  repository: 'base/layers',
  layers: [1_000, 40_000, 300_000].map((size) => createContent(`base ${size}`, size)),
}

/**
 * Backs up a server under load, some backups killed at any moment, and the server killed under the last one but one; restores
 * the last one elsewhere. What had been acknowledged before it began is there, and nothing dangles.
 */
export async function runBackupRound(round: BackupRound): Promise<BackupFigures> {
  const original: Places = { data: join(round.folder, 'original'), folder: join(round.folder, 'backup'), settings: round.from.settings }
  const copy: Places = { ...original, data: join(round.folder, 'copy'), settings: round.to.settings }
  const ledger = createLedger()
  let server = await start(original)
  try {
    const load = loadOn(server, ledger, round.seed)
    await setUp(load)
    const work = begin(load)
    const results = Promise.allSettled(work)
    await Bun.sleep(500)
    const wholeAfterKill = await killBackups(round, original)
    const promised = ledger.all('kept').filter((item) => item.kind !== 'blob' && item.repository !== hotRepository)
    await runCommand('backup', original)
    const killing = performance.now()
    // The server dies under a further backup, which goes on, or fails: the one before stands or is replaced by a whole one.
    const last = startCommand('backup', original)
    await Bun.sleep(choicesOf({ seed: round.seed, kill: 1 }, 'server').between(100, 400))
    await server.kill()
    await last.ended
    await expectLost(results, killing)
    await round.from.settled()
    const standing = promised.filter((item) => ledger.state(item) === 'kept')
    const restored = JSON.parse(await runCommand('restore', copy)) as { readonly objects: { readonly count: number } }
    server = await start(copy)
    await checkCopy(server, standing)
    await server.stop()
    const problems = await takeInventory(copy.data, await round.to.open(copy.data), { hash: true })
    if (problems.length > 0) throw new Violation(`${problems.length} problems in the copy:\n${problems.slice(0, 20).join('\n')}`)
    return { checked: standing.length, objects: restored.objects.count, killed: round.kills, wholeAfterKill }
  } finally {
    if (server.running) await server.kill()
  }
}

/** The collector looks all the time, and deletes at once. */
async function start({ data, settings }: Places): Promise<ServerProcess> {
  return await startServer({ data, settings: { BERTH_GC_DRAIN: '0s', BERTH_GC_INTERVAL: '100ms', ...settings } })
}

function loadOn({ url }: ServerProcess, ledger: Ledger, seed: number): Load {
  const figures = createFigures()
  return { client: createClient(url), ledger, figures, seed, kill: 1, hot: createHotTags(), keepsUntagged: true, over: () => false }
}

async function setUp(load: Load): Promise<void> {
  const random = choicesOf(load, 'set-up')
  for (const layer of base.layers) await pushContent(load, random, base.repository, layer, 'put')
  for (const repository of [base.repository, hotRepository]) await pushContent(load, random, repository, hotConfig, 'single')
  await putManifest(load, base.repository, createManifest('base', hotConfig, base.layers), 'all')
  for (const [tag, history] of load.hot) await overwrite(load, tag, history, `${load.seed}/${tag}`)
}

function begin(load: Load): Promise<void>[] {
  const images = Array.from({ length: 4 }, (_, n) => writeImages(load, base, `writer-${n}`))
  const tags = [...load.hot].map(([tag, history]) => overwriteOn(load, tag, history, 'writer'))
  return [...images, ...tags, shredOn(load)]
}

async function killBackups({ seed, kills }: BackupRound, places: Places): Promise<number> {
  const random = choicesOf({ seed, kill: 1 }, 'backups')
  let whole = 0
  for (let kill = 0; kill < kills; kill++) {
    const running = startCommand('backup', places)
    await Bun.sleep(random.between(50, 900))
    running.kill()
    await running.ended
    if (existsSync(join(places.folder, 'backup.json'))) whole++
  }
  return whole
}

/** Only the kill of the server may have ended the work. */
async function expectLost(results: Promise<PromiseSettledResult<void>[]>, since: number): Promise<void> {
  for (const { reason } of (await results) as PromiseRejectedResult[]) {
    if (!(reason instanceof Lost) || reason.at < since) throw reason
  }
}

async function checkCopy({ url }: ServerProcess, standing: readonly Item[]): Promise<void> {
  const client = createClient(url)
  for (const item of standing) {
    if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} was acknowledged before the backup began, and is not in it`)
  }
}
