import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, Violation } from '../rig/client.ts'
import { bytesOf, createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { runCommand, startCommand } from './berth-command.ts'
import type { Places } from './places.ts'

const kills = 12
let folder: string
let server: ServerProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-killed-'))
})
afterEach(async () => {
  if (server?.running === true) await server.kill()
  server = undefined
  rmSync(folder, { recursive: true })
})

const placesOf = (name: string): Places => ({ data: join(folder, name), folder: join(folder, 'backup'), settings: {} })

/** A hundred layers in files, and their image. */
async function furnish({ url }: ServerProcess): Promise<Item[]> {
  const client = createClient(url)
  const repository = 'team/app'
  const config = createContent('config', 500)
  const layers = Array.from({ length: 100 }, (_, n) => createContent(`layer ${n}`, 100_000))
  for (const content of [config, ...layers]) {
    const answer = await client.send('POST', `/v2/${repository}/blobs/uploads/?digest=${content.digest}`, { body: bytesOf(content) })
    expect(answer.status).toBe(201)
  }
  const { bytes, digest, mediaType } = createManifest('image', config, layers)
  const answer = await client.send('PUT', `/v2/${repository}/manifests/v1`, { body: bytes, headers: { 'content-type': mediaType } })
  expect(answer.status).toBe(201)
  return [{ kind: 'tag', repository, tag: 'v1', digest }, ...layers.map((layer): Item => ({ kind: 'blob', repository, digest: layer.digest }))]
}

async function expectWhole({ data }: Places, items: readonly Item[]): Promise<void> {
  server = await startServer({ data })
  const client = createClient(server.url)
  for (const item of items) if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} is not in the copy`)
  await server.stop()
}

/** What a server says that refuses to start on the directory. */
async function refusal(data: string): Promise<string> {
  try {
    server = await startServer({ data })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test(
  `a restore killed at ${kills} moments is never taken for whole, and goes on when it is run again`,
  async () => {
    const original = placesOf('original')
    server = await startServer({ data: original.data })
    const items = await furnish(server)
    await runCommand('backup', original)
    await server.stop()
    const began = performance.now()
    await runCommand('restore', placesOf('undisturbed'))
    const took = performance.now() - began
    const seen = { early: 0, inside: 0, done: 0 }
    for (let kill = 0; kill < kills; kill++) {
      const copy = placesOf(`copy-${kill}`)
      const restore = startCommand('restore', copy)
      // Most of the time goes into the start of the command: the second half is where things are restored.
      await Bun.sleep(took * (0.4 + (0.6 * kill) / kills))
      restore.kill()
      const { code } = await restore.ended
      if (code === 0) seen.done++
      else if (!(await Bun.file(join(copy.data, 'restoring')).exists())) seen.early++
      else {
        expect(await refusal(copy.data)).toContain('has not come to its end')
        seen.inside++
      }
      if (code !== 0) await runCommand('restore', copy)
      await expectWhole(copy, items)
    }
    console.log(`restores killed: ${JSON.stringify({ took: Math.round(took), ...seen })}`)
    expect(seen.inside).toBeGreaterThan(1)
  },
  120_000,
)
