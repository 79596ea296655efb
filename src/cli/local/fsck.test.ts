import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type RunningServer } from '../../app.ts'
import { loadConfig, readEnvironment } from '../../config/index.ts'

const main = new URL('../../main.ts', import.meta.url).pathname
let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'berth-fsck-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

/** Runs the real program. It asks no server of this process anything. */
function berth(argv: string[], env: Record<string, string> = {}) {
  const result = Bun.spawnSync([process.execPath, '--no-env-file', main, ...argv], { cwd, env, timeout: 20_000 })
  return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() }
}

/** The server, on the data directory. */
async function serve(): Promise<RunningServer> {
  const flags = new Map([['--data', join(cwd, 'data')], ['--listen', '127.0.0.1:0'], ['--open', 'true']])
  const loaded = loadConfig({ flags, environment: readEnvironment({ BERTH_LOG_LEVEL: 'silent' }), cwd })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return await startServer('0.0.0', loaded.config)
}

const layer = new Uint8Array(100_000).fill(7)
const digest = `sha256:${Bun.CryptoHasher.hash('sha256', layer, 'hex')}`

async function pushLayer(server: RunningServer): Promise<void> {
  const answer = await fetch(`${server.url}/v2/team/app/blobs/uploads/?digest=${digest}`, { method: 'POST', body: layer })
  expect(answer.status).toBe(201)
}

function layerFile(): string {
  const folder = join(cwd, 'data/blobs/sha256', digest.slice(7, 9))
  return join(folder, readdirSync(folder)[0] as string)
}

test('what is whole is clean, what is missing is named, and a repair leaves it to a push', async () => {
  const server = await serve()
  await pushLayer(server)
  await server.close()
  expect(berth(['fsck', '--data', 'data'])).toMatchObject({ code: 0, err: '' })
  truncateSync(layerFile(), 99_999)
  const cut = berth(['fsck', '--data', 'data'])
  expect([cut.code, cut.err]).toEqual([1, ''])
  for (const words of ['object-truncated: ', digest, '99999 of 100000 bytes', 'affects team/app', 'push it again', 'Problems found: 1.']) {
    expect(cut.out).toContain(words)
  }
  unlinkSync(layerFile())
  const lines = berth(['fsck', '--data', 'data', '--json']).out.trim().split('\n').map((line) => JSON.parse(line) as object)
  expect(lines).toMatchObject([
    { type: 'finding', code: 'object-missing', subject: { digest }, affected: [{ repository: 'team/app', tags: [] }], repaired: false },
    { type: 'summary', format: 1, outcome: 'problems', findings: 1, repaired: 0, besideServer: false, deep: false, repair: false },
  ])
  expect(berth(['fsck', '--data', 'data', '--repair'])).toMatchObject({ code: 1, err: '' })
  expect(berth(['fsck', '--data', 'data'], { LANG: 'zh_CN.UTF-8' }).out).toStartWith('object-damaged: 某个 blob 已标记为损坏')
})

test('beside a server it looks but repairs nothing', async () => {
  const server = await serve()
  try {
    await pushLayer(server)
    const beside = berth(['fsck', '--data', 'data', '--deep'])
    expect([beside.code, beside.err]).toEqual([0, ''])
    expect(beside.out).toContain('A server was running')
    const repair = berth(['fsck', '--data', 'data', '--repair'])
    expect([repair.code, repair.out]).toEqual([2, ''])
    expect(repair.err).toContain('Stop the server first')
  } finally {
    await server.close()
  }
})

test('where nothing is, or a database is missing, it can say nothing, and makes nothing', async () => {
  const nowhere = berth(['fsck', '--data', 'data'])
  expect([nowhere.code, nowhere.out, readdirSync(cwd)]).toEqual([2, '', []])
  expect(nowhere.err).toMatch(/^berth: cannot use the database: there is no registry in \S+\/data: name its data directory with --data\n$/)
  mkdirSync(join(cwd, 'data'))
  expect(berth(['fsck', '--data', 'data']).code).toBe(2)
  const server = await serve()
  await pushLayer(server)
  await server.close()
  unlinkSync(join(cwd, 'data/berth.db'))
  for (const argv of [['fsck', '--data', 'data'], ['fsck', '--data', 'data', '--repair']]) {
    const lost = berth(argv)
    expect([lost.code, lost.out]).toEqual([2, ''])
    expect(lost.err).toContain('berth.db is missing')
  }
  expect(readdirSync(join(cwd, 'data'))).not.toContain('berth.db')
})
