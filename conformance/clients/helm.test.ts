import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { runProgram } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { listTags } from './list-referrers.ts'
import { callsOf, openTap } from './tap.ts'

setDefaultTimeout(120_000)

const version = '1.2.3+build.5'
const archive = `app-${version}.tgz`

describeTools(['helm'], ({ helm }) => {
  const folder = temporaryFolder()
  const options = () => ({ env: { HOME: folder.path, TMPDIR: folder.path }, cwd: folder.path })
  /** What helm prints about pushes and pulls goes to standard error. */
  const run = async (...words: string[]) => {
    const { code, out, err } = await runProgram([helm, ...words], options())
    if (code !== 0) throw new Error(err)
    return out + err
  }
  beforeAll(async () => {
    mkdirSync(join(folder.path, 'app/templates'), { recursive: true })
    const chart = `apiVersion: v2\nname: app\nversion: ${version}\ndescription: for a test\n`
    const template = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}" }\n'
    writeFileSync(join(folder.path, 'app/Chart.yaml'), chart)
    writeFileSync(join(folder.path, 'app/templates/map.yaml'), template)
    await run('package', 'app')
  })
  afterAll(folder.remove)

  onServer('with a registry', (server) => {
    const at = () => `oci://${new URL(server().url).host}/charts`
    const push = async (target: string) => /Digest: (\S+)/.exec(await run('push', '--plain-http', archive, target))?.[1]

    test('a chart is pushed, twice, and comes back the same; + becomes _ in its tag', async () => {
      const digest = await push(at())
      expect(await push(at())).toBe(String(digest))
      expect(await listTags(server().url, 'charts/app')).toEqual(['1.2.3_build.5'])
      const stored = await createClient(server().url).send('GET', '/v2/charts/app/manifests/1.2.3_build.5')
      expect(digestOf(stored.bytes)).toBe(String(digest))
      expect(jsonOf(stored)).toMatchObject({
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' },
        layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }],
      })
      mkdirSync(join(folder.path, 'back'))
      await run('pull', '--plain-http', `${at()}/app`, '--version', version, '--destination', 'back')
      const [sent, back] = [archive, join('back', archive)].map((name) => digestOf(readFileSync(join(folder.path, name))))
      expect(back).toBe(String(sent))
    })

    test('a chart is shown, rendered, and found as the newest of its versions', async () => {
      await push(`${at()}/shown`)
      expect(await run('show', 'chart', '--plain-http', `${at()}/shown/app`, '--version', version)).toContain('for a test')
      const rendered = await run('template', 'mine', '--plain-http', `${at()}/shown/app`, '--version', '^1.0.0')
      expect(rendered).toContain('name: "mine"')
      const missing = await runProgram([helm, 'pull', '--plain-http', `${at()}/shown/app`, '--version', '9.9.9'], options())
      expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('not found')])
    })

    test('a push looks before it sends, and moves no tag twice', async () => {
      const tap = await openTap(server().url)
      try {
        await push(`oci://${tap.host}/tapped`)
        const calls = callsOf(tap.take())
        const heads = calls.filter((call) => call.startsWith('HEAD /v2/tapped/app/'))
        expect(heads.length).toBeGreaterThanOrEqual(3)
        expect(calls.filter((call) => call.includes('/manifests/')).at(-1)).toBe('PUT /v2/tapped/app/manifests/1.2.3_build.5')
      } finally {
        tap.close()
      }
    })
  })
})
