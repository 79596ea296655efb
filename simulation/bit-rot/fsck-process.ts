import { join } from 'node:path'

const launcher = join(import.meta.dir, '..', '..', 'berth')

/** A line of the report, as docs/guide/check.md describes it. */
export interface FoundLine {
  readonly code: string
  readonly subject: Readonly<Record<string, string>>
  readonly affected: readonly { readonly repository: string; readonly tags: readonly string[] }[]
  readonly repaired: boolean
}

export interface Checked {
  readonly exitCode: number
  readonly findings: readonly FoundLine[]
}

/** The real `berth fsck` in a process of its own. Fails when it could not look. */
export async function runFsck(data: string, ...flags: readonly string[]): Promise<Checked> {
  const child = Bun.spawn([launcher, 'fsck', '--json', '--data', data, ...flags], {
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/', LANG: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, errors, exitCode] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  const lines = out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as FoundLine & { readonly type: string })
  if (exitCode > 1 || lines.at(-1)?.type !== 'summary') throw new Error(`fsck ended with ${exitCode}: ${errors}`)
  return { exitCode, findings: lines.filter(({ type }) => type === 'finding') }
}
