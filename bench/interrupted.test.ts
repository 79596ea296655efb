import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const skipped = process.platform === 'linux' ? '' : ' (skipped: no Linux)'

/** The processes whose command line names this folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return '' // It ended meanwhile.
      }
    })
    .filter((line) => line.includes(folder))
}

test.skipIf(skipped !== '')(`interrupted half-way it says so, and leaves no process and no file${skipped}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-stop-'))
  try {
    const bench = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts'), '--quick', '--only', 'X3'], {
      env: { ...process.env, TMPDIR: folder },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const output = bench.stderr.text()
    const end = performance.now() + 20_000
    while (processesIn(folder).length === 0) {
      if (performance.now() > end || bench.exitCode !== null) throw new Error('no server was started')
      await Bun.sleep(20)
    }
    bench.kill('SIGINT')
    expect(await bench.exited).toBe(2)
    expect(await output).toContain('stopped by a signal')
    expect(readdirSync(folder)).toEqual([])
    expect(processesIn(folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
