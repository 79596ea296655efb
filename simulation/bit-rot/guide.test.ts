import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../rig/client.ts'
import { startServer } from '../rig/server-process.ts'
import { fileOf } from './damage.ts'
import { createSpecimen, pushSpecimen } from './shelf.ts'

const root = join(import.meta.dir, '..', '..')

/** What the page shows: each command with the output below it. */
function examplesOf(page: string): { readonly command: string; readonly output: string }[] {
  const examples = /```sh\n(berth [^\n]+)\n```\n\n```(?:text|json)\n([^]*?)```/g
  return [...readFileSync(join(root, page), 'utf8').matchAll(examples)].map(([, command = '', output = '']) => ({ command, output }))
}

/** Runs a command of the page on these data; ids and digests are different each time. */
async function run(command: string, data: string, language: string): Promise<{ code: number; output: string }> {
  const [program = '', ...argv] = command.replace('/var/lib/berth', data).split(' ')
  const env = { PATH: process.env['PATH'], HOME: '/', LANG: language }
  const child = Bun.spawn([join(root, program), ...argv], { cwd: '/', env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited])
  const anonymous = output
    .replaceAll(/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}\.[0-9a-f]{32}/g, 'sha256/AB/HEX.ID')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'HEX')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
  return { code, output: anonymous }
}

test.each([
  ['docs/guide/check.md', 'en_US.UTF-8'],
  ['docs/guide/zh-CN/check.md', 'zh_CN.UTF-8'],
])('%s shows what really happens', async (page, language) => {
  const [whole, deep, damaged, json, repair, ...more] = examplesOf(page)
  expect(more).toEqual([])
  const data = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  const image = { ...createSpecimen(1, undefined), tag: '1.4' }
  const push = async (): Promise<void> => {
    const server = await startServer({ data })
    try {
      await pushSpecimen(createClient(server.url), 'team/app', image)
      await server.stop()
    } finally {
      await server.kill()
    }
  }
  try {
    await push()
    for (const example of [whole, deep]) expect(await run(example!.command, data, language)).toEqual({ code: 0, output: example!.output })
    truncateSync(fileOf(data, image.layer.digest), 120_000)
    for (const example of [damaged, json, repair]) expect(await run(example!.command, data, language)).toEqual({ code: 1, output: example!.output })
    await push()
    expect((await run(deep!.command, data, language)).code).toBe(0)
  } finally {
    rmSync(data, { recursive: true })
  }
}, 180_000)
