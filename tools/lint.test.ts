import { expect, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')

const planted = {
  'plant.ts': `
    import { readFile } from 'node:fs/promises'
    import { Stats } from 'node:fs'
    import { other } from './other.ts'
    export const one = 1
    async function work(): Promise<number> { return other }
    export default function plant(kind: 'x' | 'y', stats: Stats) {
      work()
      if (kind == 'x') [1].forEach(async () => { await work() })
      switch (kind) { case 'x': return stats }
    }
    export async function tried() { try { return work() } catch { return 2 } }
    export async function waited() { await one }`,
  'other.ts': "import { one } from './plant.ts'; export const other = one",
  'long.ts': `export function long() {\n${'  console.log(1)\n'.repeat(40)}}\n${'console.log(1)\n'.repeat(260)}`,
}

test('the rules that matter most object to what they are for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-lint-'))
  try {
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, types: [], noEmit: true } }))
    for (const [name, text] of Object.entries(planted)) writeFileSync(join(folder, name), text)
    const oxlint = [join(root, 'node_modules/.bin/oxlint'), '--type-aware', '--deny-warnings', '-f', 'unix']
    const env = { ...process.env, OXLINT_TSGOLINT_PATH: join(root, 'node_modules/.bin/tsgolint') }
    const child = Bun.spawn(oxlint, { cwd: folder, env, stdin: 'ignore', stdout: 'pipe' })
    const [output, code] = await Promise.all([child.stdout.text(), child.exited])
    const rules = [...output.matchAll(/\[Error\/\w+\(([\w-]+)\)\]/g)].map(([, rule = '']) => rule)
    expect([...new Set(rules)].toSorted()).toEqual([
      'await-thenable',
      'consistent-type-imports',
      'eqeqeq',
      'max-lines',
      'max-lines-per-function',
      'no-cycle',
      'no-default-export',
      'no-floating-promises',
      'no-misused-promises',
      'no-unused-vars',
      'return-await',
      'switch-exhaustiveness-check',
    ])
    expect(code).toBe(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 180_000)
