import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { componentNamed } from '../../tools/components.ts'
import { onServer } from '../for-each-server.ts'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { createLayout } from './oci-layout.ts'

setDefaultTimeout(120_000)

const daemonless = ['skopeo', 'crane', 'oras', 'regctl', 'helm', 'cosign'] as const
const clients = ['docker', 'podman', 'buildah', 'containerd', 'buildctl', 'notation', ...daemonless]
const guide = join(import.meta.dir, '../../docs/guide')
const pages = ['clients.md', 'zh-CN/clients.md'].map((page) => [page, readFileSync(join(guide, page), 'utf8')] as const)

/** The lines for the shell below a heading. */
function linesBelow(page: string, heading: string): string {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const lines = /^[^#]*?```sh\n([^]*?)```/.exec(section)?.[1]
  if (lines === undefined) throw new Error(`no lines for the shell below ${heading}`)
  return lines
}

describe('the page about clients', () => {
  test.each(pages)('%s names the versions that are installed for its tests', (_, page) => {
    for (const client of clients) {
      const { name, install } = componentNamed(client)
      const row = page.split('\n').find((line) => line.startsWith('| ') && line.includes(name))
      expect({ name, row }).toEqual({ name, row: expect.stringContaining('|') })
      if ('go' in install) expect(row).toContain(`| ${install.version} |`)
    }
  })

  test('both languages type the same', () => {
    const [english, chinese] = pages.map(([, page]) => page.match(/```[^]*?```/g))
    expect([...(chinese ?? [])]).toEqual([...(english ?? [])])
  })
})

describeTools(daemonless, (tools) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)

  onServer('with a registry, what the page says', (server) => {
    test('does what it says, line by line', async () => {
      const [bin, home] = [join(folder.path, 'bin'), join(folder.path, 'home')]
      mkdirSync(bin)
      for (const [name, path] of Object.entries(tools)) symlinkSync(path, join(bin, name))
      const layout = createLayout(join(home, 'app'))
      layout.tag(layout.addImage(2, 1000), '1.0')
      mkdirSync(join(home, 'chart'))
      writeFileSync(join(home, 'chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 0.1.0\n')
      for (const name of ['notes.txt', 'sbom.json']) writeFileSync(join(home, name), name)
      const env = { HOME: home, DOCKER_CONFIG: home, TMPDIR: home, COSIGN_PASSWORD: 'for tests', PATH: `${bin}:/usr/bin:/bin` }
      const policy = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })
      mkdirSync(join(home, '.config/containers'), { recursive: true })
      writeFileSync(join(home, '.config/containers/policy.json'), policy)
      const page = pages[0]?.[1] ?? ''
      for (const client of daemonless) {
        const lines = linesBelow(page, client).replaceAll('127.0.0.1:5000', new URL(server().url).host)
        await succeed(['sh', '-euc', lines], { env, cwd: home })
      }
    })
  })
})
