import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../rig/server-process.ts'

const root = join(import.meta.dir, '..', '..')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  symlinkSync(join(root, 'berth'), join(folder, 'berth'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The commands of the guide, in their order, as a reader would type them. */
function commandsOf(guide: string): string[] {
  const text = readFileSync(join(root, 'docs', 'guide', guide), 'utf8')
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, commands = '']) => commands)
}

test('the commands of the guide do what it says, beside a running server', async () => {
  const commands = commandsOf('backup.md')
  expect(commands).toHaveLength(4)
  expect(commandsOf('zh-CN/backup.md')).toEqual(commands)
  const server = await startServer({ data: join(folder, 'data') })
  try {
    for (const command of commands) {
      const child = Bun.spawn(['sh', '-eu', '-c', command], { cwd: folder, env: { PATH: process.env['PATH'] }, stdout: 'ignore', stderr: 'pipe' })
      const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
      expect({ command, code, said }).toEqual({ command, code: 0, said: '' })
    }
  } finally {
    await server.stop()
  }
  expect(existsSync(join(folder, 'restored', 'berth.db'))).toBe(true)
}, 180_000)
