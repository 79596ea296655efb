import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { succeed } from '../run-program.ts'
import { berth, startServer } from '../server.ts'

setDefaultTimeout(180_000)

const guide = join(import.meta.dir, '../../docs/guide')
const read = (page: string) => readFileSync(join(guide, page), 'utf8')
const blocksOf = (page: string, language = '') => [...read(page).matchAll(new RegExp(`\`\`\`${language}\\w*\n([^]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

const pages = ['behind-a-proxy.md', 'systemd.md']

test.each(pages)('%s says the same to type in both languages', (page) => {
  expect(blocksOf(page).length).toBeGreaterThan(1)
  expect(blocksOf(`zh-CN/${page}`)).toEqual(blocksOf(page))
})

test.each(pages)('the settings of %s are settings', async (page) => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  try {
    const [settings = ''] = blocksOf(page, 'yaml')
    writeFileSync(join(folder, 'berth.yaml'), settings)
    const shown = await succeed([berth, 'config', 'print'], { cwd: folder })
    expect(shown).toMatch(/trusted_proxies\S* +\S*127\.0\.0\.1/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the page on proxies says what Berth says about caching', async () => {
  const server = await startServer()
  try {
    const text = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    const path = `${server.url}/v2/a/b/manifests`
    const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
    const pushed = await fetch(`${path}/1.0`, { method: 'PUT', headers, body: text })
    const digest = pushed.headers.get('docker-content-digest') ?? ''
    const said = async (reference: string) => (await fetch(`${path}/${reference}`)).headers.get('cache-control') ?? ''
    for (const page of ['behind-a-proxy.md', 'zh-CN/behind-a-proxy.md']) {
      const rows = read(page).split('\n').filter((line) => line.startsWith('| '))
      for (const reference of [digest, '1.0', 'none']) expect(rows.join('\n')).toContain(`| \`${await said(reference)}\``)
    }
  } finally {
    await server.stop()
  }
})
