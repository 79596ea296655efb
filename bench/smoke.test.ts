import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './machine/index.ts'
import { measure, type Plan } from './measure.ts'
import { berth, type System, systems, versionOf } from './systems/index.ts'
import { type Workload, workloads } from './workloads/index.ts'

/** Short, and on little data: not what the figures are is tested, but that there are any, from valid runs. */
const plan: Plan = { runs: 1, part: 0.05, size: 0.001 }

/** Not the newest peer: it takes minutes to build. */
const installed: readonly System[] = systems.filter((system) => system.id !== 'distribution' && versionOf(system) !== undefined)
/** One of each kind is also tried with the peers that are there; the others with Berth alone. */
const besidePeers = new Set(['M1', 'B4', 'U1', 'U5', 'L1', 'A1'])

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'berth-bench-smoke-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const workload of workloads) {
  const missing = Object.keys(workload.tools).filter((name) => findProgram(name) === undefined)
  const skipped = process.platform !== 'linux' ? 'no Linux' : missing.length > 0 ? `no ${missing.join(', ')}` : undefined
  const name = `${workload.id}: ${workload.title}${skipped === undefined ? '' : ` (skipped: ${skipped})`}`
  test.skipIf(skipped !== undefined)(name, async () => {
    const taken = besidePeers.has(workload.id) ? workload.systems : ['berth']
    const able = installed.filter(({ id }) => taken.includes(id))
    const stopped = new AbortController().signal
    const parts = await measure(workload, able, plan, { folder: join(folder, 'run'), tell: () => {}, stopped })
    expect(parts.flatMap(({ measurements }) => measurements.flatMap(({ voided }) => voided))).toEqual([])
    for (const { name: part, measurements } of parts) {
      expect(measurements.map(({ system }) => system)).toContain('berth')
      for (const { system, samples } of measurements) {
        const [{ done, rate, cpuMicros, p50, peakBytes } = { done: 0, rate: 0, cpuMicros: -1, p50: 0, peakBytes: 0 }] = samples
        const sound = done > 0 && rate > 0 && cpuMicros >= 0 && p50 > 0 && peakBytes > 1e6
        expect([part, system, sound]).toEqual([part, system, true])
      }
    }
    expect(readdirSync(folder)).toEqual([])
  })
}

test.skipIf(process.platform !== 'linux')('a storage is filled once for all workloads that use it', async () => {
  let fills = 0
  const ten = { done: 10, seconds: 1, p50: 1, p99: 1, clientSeconds: 0 }
  const workload: Workload = {
    ...workloads[0]!,
    parts: [{ name: '' }],
    systems: ['berth'],
    fill: () => Promise.resolve(void fills++),
    prepare: () => Promise.resolve({ run: () => Promise.resolve(ten), check: () => Promise.resolve(), close: () => {} }),
  }
  const around = { folder: join(folder, 'run'), tell: () => {}, stopped: new AbortController().signal }
  for (const [keepStorage, filled, left] of [[true, 1, ['run']], [false, 1, []], [false, 2, []]] as const) {
    const [part] = await measure(workload, [berth], plan, { ...around, keepStorage })
    expect([part?.measurements[0]?.samples.length, fills, readdirSync(folder)]).toEqual([1, filled, [...left]])
  }
})

test.skipIf(process.platform !== 'linux')('parts that take turns are one sample each, of what all their turns did', async () => {
  const ran: string[] = []
  const workload: Workload = {
    ...workloads[0]!,
    parts: [{ name: 'a' }, { name: 'b' }],
    systems: ['berth'],
    warmUp: 0,
    measured: 4,
    turns: 2,
    prepare: () =>
      Promise.resolve({
        run: (seconds, part) => {
          ran.push(`${part} ${seconds}`)
          // Ten a second at first, thirty a second later.
          const time = ran.length <= 2 ? 3 : 1
          return Promise.resolve({ done: 30, seconds: time, p50: time, p99: 2 * time, clientSeconds: 0 })
        },
        check: () => Promise.resolve(),
        close: () => {},
      }),
  }
  const around = { folder: join(folder, 'run'), tell: () => {}, stopped: new AbortController().signal }
  const parts = await measure(workload, [berth], { runs: 1, part: 1, size: 1 }, around)
  expect(ran).toEqual(['a 2', 'b 2', 'a 2', 'b 2'])
  const figures = parts.map(({ measurements }) => measurements[0]?.samples.map(({ done, rate, p50, p99 }) => ({ done, rate, p50, p99 })))
  expect(figures).toEqual([[{ done: 60, rate: 15, p50: 2, p99: 4 }], [{ done: 60, rate: 15, p50: 2, p99: 4 }]])
})
