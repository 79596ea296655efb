import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forEachDatabase } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { freshBytes, freshRepository } from '../oci/content.ts'
import { runProgram } from '../run-program.ts'
import { berth, startServer } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(180_000)

const opsUrl = (output: string): string => /(http:\/\/\S+)\/metrics\n/.exec(output)?.[1] ?? ''

/** The names in the first column of the guide's table. */
function namesInGuide(folder: string): string[] {
  const text = readFileSync(join(import.meta.dir, '../../docs/guide', folder, 'monitoring.md'), 'utf8')
  return [...text.matchAll(/^\| `((?:registry|berth|process)_\w+)` \|/gm)].map(([, name = '']) => name)
}

forEachDatabase('for operators', (kind) => {
  test('the metrics of the guide are those that are given, and count what was done', async () => {
    const database = await kind.create()
    const server = await startServer({ env: { ...database.env, BERTH_OPS_LISTEN: '127.0.0.1:0' } })
    try {
      const url = opsUrl(server.output())
      const [client, repository, content] = [createClient(server.url), freshRepository(), freshBytes(300_000)]
      const digest = await client.pushBlob(repository, content)
      await (await fetch(`${server.url}/v2/${repository}/blobs/${digest}`)).arrayBuffer()
      await fetch(`${server.url}/v2/${repository}/manifests/missing`)
      await until('the first recovery segment is written', async () => (await (await fetch(`${url}/metrics`)).text()).includes('\nberth_recovery_lag_seconds '))
      const text = await (await fetch(`${url}/metrics`)).text()
      const given = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name))
      expect(given).toEqual(new Set(namesInGuide('')))
      expect(given).toEqual(new Set(namesInGuide('zh-CN')))
      expect(text).toContain('registry_http_requests_total{handler="blob",method="get",code="200"} 1\n')
      expect(text).toContain('registry_http_requests_total{handler="manifest",method="get",code="404"} 1\n')
      expect(text).toContain('registry_http_response_size_bytes_sum{handler="blob"} 300000\n')
      expect(text).toContain('registry_storage_action_seconds_count{driver="filesystem",action="Commit"} 1\n')
      expect(text).toContain('berth_database_transactions_total{transaction="commit blob",outcome="done"} 1\n')
      expect(text).not.toContain(repository)
    } finally {
      expect(await server.stop()).toBe(0)
      await database.drop()
    }
  })
})

test('metrics and profiles are not at the address that clients use', async () => {
  const server = await startServer({ env: { BERTH_OPS_LISTEN: '127.0.0.1:0' } })
  try {
    for (const path of ['/metrics', '/debug/profile', '/healthz']) expect((await fetch(`${server.url}${path}`)).status).toBe(404)
    const profile = (await (await fetch(`${opsUrl(server.output())}/debug/profile?seconds=1`)).json()) as { nodes: unknown[] }
    expect(profile.nodes.length).toBeGreaterThan(0)
  } finally {
    await server.stop()
  }
})

test('a port that is taken is named with its key, and nothing is left running', async () => {
  const [server, folder] = [await startServer(), temporaryFolder()]
  try {
    const flags = ['serve', '--listen', '127.0.0.1:0', '--data', join(folder.path, 'data')]
    const finished = await runProgram([berth, ...flags], { env: { BERTH_OPS_LISTEN: new URL(server.url).host }, cwd: folder.path })
    expect([finished.code, finished.out]).toEqual([1, ''])
    expect(finished.err).toContain(`cannot listen on ${new URL(server.url).host} for operators`)
    expect(finished.err).toContain('ops.listen')
  } finally {
    await server.stop()
    folder.remove()
  }
})
