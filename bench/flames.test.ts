import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flamesOf, hotPaths, profileUnder } from './flames.ts'

const skipped = process.platform === 'linux' ? '' : ' (skipped: no Linux)'

test('the workloads that are drawn exist', () => {
  expect(hotPaths.map(({ id }) => id)).toEqual(['M1', 'B1', 'U1', 'U5'])
})

test.skipIf(skipped !== '')(`a server that is pushed to shows where it spends its time${skipped}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-flames-'))
  try {
    const workload = hotPaths.find(({ id }) => id === 'U5')!
    const around = { folder: join(folder, 'run'), tell: () => {}, stopped: new AbortController().signal }
    const profile = await profileUnder(workload, { warmUp: 0, seconds: 1, scale: () => 1 }, around)
    const svg = flamesOf(workload, profile, 'today')
    expect(svg).toContain('U5: Small artifacts, durable')
    expect(svg).toContain('src/http/pipeline.ts')
    expect(svg).not.toContain(join(import.meta.dir, '..'))
    expect(svg.length).toBeLessThan(200_000)
    expect(readdirSync(folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
