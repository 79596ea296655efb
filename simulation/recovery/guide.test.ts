import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../rig/client.ts'
import { startServer } from '../rig/server-process.ts'
import { expectImage, push } from './image.ts'

const root = join(import.meta.dir, '..', '..')
let folder: string
let data: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  data = join(folder, 'data')
  symlinkSync(join(root, 'berth'), join(folder, 'berth'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The commands of the guide, in their order, as a reader would type them. */
function commandsOf(guide: string): string[] {
  const text = readFileSync(join(root, 'docs', 'guide', guide), 'utf8')
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, commands = '']) => commands.trim())
}

const start = (command: string) => {
  const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: '/', LANG: 'C', BERTH_LISTEN: '127.0.0.1:0', BERTH_OPEN: 'true' }
  return Bun.spawn(['sh', '-eu', '-c', `exec ${command}`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}
const run = async (command: string) => {
  const child = start(command)
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}
const lose = (): void => {
  for (const name of readdirSync(data)) if (name.startsWith('berth.db')) rmSync(join(data, name))
}

test('the commands of the guide bring a lost database back', async () => {
  const commands = commandsOf('lost-database.md')
  const [rebuild = '', check = '', serve = '', older = ''] = commands
  expect(commands).toHaveLength(4)
  expect(commandsOf('zh-CN/lost-database.md')).toEqual(commands)
  const server = await startServer({ data })
  await push(createClient(server.url), 'team/app', 'v1')
  await server.stop()
  lose()
  expect(await run(rebuild)).toMatchObject({ code: 0, err: '' })
  expect(await run(check)).toMatchObject({ code: 0, err: '' })

  const served = start(serve)
  try {
    const client = createClient(await urlIn(served.stdout))
    await expectImage(client, 'team/app', 'v1')
    await push(client, 'team/app', 'v2')
  } finally {
    served.kill('SIGTERM')
    await served.exited
  }
  lose()
  const newest = readdirSync(join(data, 'recovery')).sort().at(-1) as string
  const bytes = readFileSync(join(data, 'recovery', newest))
  writeFileSync(join(data, 'recovery', newest), bytes.subarray(0, -1))
  expect(await run(rebuild)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(newest) })
  expect(await run(older)).toMatchObject({ code: 0, out: expect.stringContaining(newest), err: '' })
}, 180_000)

/** Where a server serves, as it says. */
async function urlIn(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let said = ''
  for await (const chunk of output) {
    said += decoder.decode(chunk, { stream: true })
    const url = /serving on (http:\S+)\n/.exec(said)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the server ended: ${said}`)
}
