import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'berth-executable-'))
const berth = join(folder, 'berth')
const elsewhere = join(folder, 'elsewhere')
const minute = 60_000

beforeAll(async () => {
  const compile = Bun.spawn([process.execPath, join(import.meta.dir, 'compile.ts'), berth], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  expect(await compile.exited).toBe(0)
  mkdirSync(elsewhere)
  // Whoever can write where the server is started must not get code into it.
  writeFileSync(join(elsewhere, 'bunfig.toml'), 'preload = ["./planted.ts"]')
  writeFileSync(join(elsewhere, 'planted.ts'), "console.log('planted'); process.exit(9)")
  writeFileSync(join(elsewhere, '.env'), 'BERTH_LISTEN=not-an-address')
}, minute)
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts the executable on a free port, far from the checkout, and waits for the line that names its address. */
async function start(flags: readonly string[] = []) {
  const child = Bun.spawn([berth, 'serve', '--open', '--listen', '127.0.0.1:0', '--data', join(folder, 'data'), ...flags], {
    cwd: elsewhere,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let output = ''
  for (let read = await lines.read(); !read.done; read = await lines.read()) {
    output += read.value
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
    if (url !== undefined) return { url, child }
  }
  throw new Error(`the executable ended with code ${await child.exited}: ${output}`)
}

async function stop({ child }: Awaited<ReturnType<typeof start>>): Promise<number> {
  child.kill('SIGTERM')
  return child.exited
}

function digestOf(text: string): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`
}

async function pushBlob(url: string, text: string): Promise<void> {
  const begun = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  expect(begun.status).toBe(202)
  const location = new URL(begun.headers.get('location') ?? '', url)
  location.searchParams.set('digest', digestOf(text))
  expect((await fetch(location, { method: 'PUT', body: text })).status).toBe(201)
}

test(
  'the compiled executable takes a push and has it after a restart',
  async () => {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const blob = (text: string, type: string) => ({ mediaType: type, digest: digestOf(text), size: text.length })
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: blob('{}', 'application/vnd.oci.image.config.v1+json'),
      layers: [blob('layer', 'application/vnd.oci.image.layer.v1.tar')],
    })

    const first = await start()
    await pushBlob(first.url, '{}')
    await pushBlob(first.url, 'layer')
    const headers = { 'content-type': mediaType }
    const put = await fetch(`${first.url}/v2/team/app/manifests/1.0`, { method: 'PUT', headers, body: manifest })
    expect(put.status).toBe(201)
    expect(await stop(first)).toBe(0)

    const second = await start(['--workers', '2'])
    const pulled = await fetch(`${second.url}/v2/team/app/manifests/1.0`)
    expect(await pulled.text()).toBe(manifest)
    const layer = await fetch(`${second.url}/v2/team/app/blobs/${digestOf('layer')}`)
    expect(await layer.text()).toBe('layer')
    // Its threads start from files inside of the executable too.
    await pushBlob(second.url, 'another layer')
    expect(await (await fetch(`${second.url}/v2/team/app/blobs/${digestOf('another layer')}`)).text()).toBe('another layer')
    expect(await stop(second)).toBe(0)
  },
  minute,
)
