import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createProfiler } from './profiler.ts'

test('shows which function was busy, and takes one profile at a time', async () => {
  const lengths: number[] = []
  const sleep = (length: number): Promise<void> => (lengths.push(length), Promise.resolve(burnTime()))
  const profiler = createProfiler({ ...createManualClock(), sleep })
  const taken = profiler.cpu(1_000)
  expect(await profiler.cpu(2_000)).toBeUndefined()
  const profile = JSON.parse((await taken) ?? '') as { nodes: { callFrame: { functionName: string } }[] }
  expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('burnTime')
  expect(await profiler.cpu(3_000)).toBeDefined()
  expect(lengths).toEqual([1_000, 3_000])
})

/** Long enough for a sampler to come by. */
function burnTime(): void {
  const until = performance.now() + 200
  let sum = 0
  while (performance.now() < until) sum += Math.sqrt(sum + 1)
}
