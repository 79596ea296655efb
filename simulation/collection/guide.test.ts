import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSpecimen, pushSpecimen } from '../bit-rot/shelf.ts'
import { createClient } from '../rig/client.ts'
import { startServer } from '../rig/server-process.ts'

const root = join(import.meta.dir, '..', '..')

/** The second block of commands of the page: those that need no login. */
function commandsOf(page: string): string[] {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/```sh\n([^]*?)```/g)].map(([, lines = '']) => lines)
  return (blocks[1] ?? '').split('\n').filter((line) => line.startsWith('berth '))
}

async function run(command: string, places: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  const line = Object.entries(places).reduce((text, [shown, real]) => text.replace(shown, real), command)
  const [program = '', ...argv] = `${line} --json`.split(' ')
  const child = Bun.spawn([join(root, program), ...argv], { cwd: '/', env: { PATH: process.env['PATH'], HOME: '/' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { code, output: code === 0 ? output : errors }
}

test.each(['docs/guide/free-space.md', 'docs/guide/zh-CN/free-space.md'])('%s shows what really happens', async (page) => {
  const [dryRun = '', collect = '', ...more] = commandsOf(page)
  expect(more).toEqual([])
  const data = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  const config = join(data, '..', `${crypto.randomUUID()}.yml`)
  const places = { '/var/lib/berth': data, '/etc/distribution/config.yml': config }
  writeFileSync(config, `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${data}\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n`)
  try {
    const image = createSpecimen(1, undefined)
    const server = await startServer({ data, settings: { BERTH_GC_LEASE: '1s', BERTH_GC_INTERVAL: '1h', BERTH_TRASH_RETENTION: '0s' } })
    try {
      const client = createClient(server.url)
      await pushSpecimen(client, 'team/app', image)
      expect((await fetch(`${server.url}/v2/team/app/manifests/${image.manifest.digest}`, { method: 'DELETE' })).status).toBe(202)
      const deleted = performance.now()
      // Beside the server the data can only be looked at: for the rest it is asked, and here nobody has logged in.
      while (performance.now() < deleted + 1_500) expect((await run(dryRun, places)).code).toBe(0)
      expect((await run(collect, places)).code).not.toBe(0)
      await server.stop()
    } finally {
      await server.kill()
    }
    const told = JSON.parse((await run(dryRun, places)).output) as { readonly blobs: number; readonly releasedBytes: number; readonly after: unknown }
    expect(told).toMatchObject({ dryRun: true, blobs: 3, after: { blobs: 0, bytes: 0 } })
    const done = await run(collect, places)
    expect(done).toMatchObject({ code: 0 })
    expect(JSON.parse(done.output)).toMatchObject({ dryRun: false, blobs: 3, releasedBytes: told.releasedBytes, after: { blobs: 0, bytes: 0 } })
  } finally {
    rmSync(data, { recursive: true })
    rmSync(config)
  }
}, 180_000)
