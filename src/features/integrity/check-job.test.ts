import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { JobRun } from '../../jobs/index.ts'
import { testRun } from '../../jobs/job-run.testing.ts'
import { anonymous, repository } from '../../registry/test-registry.testing.ts'
import { createCheckJob } from './index.ts'
import { createTestIntegrity, layerOf, type TestIntegrity } from './integrity.testing.ts'

forEachDatabase('the job integrity.check', (kind) => {
  let t: TestIntegrity
  let kept: unknown[]
  let lines: string[]
  beforeEach(async () => {
    t = await createTestIntegrity(kind)
    kept = []
    lines = []
  })
  afterEach(() => t.dispose())

  const watched = {
    log: (text: string) => void lines.push(text),
    keep: (position: unknown) => void kept.push(JSON.parse(JSON.stringify(position))),
  }
  const run = async (parts: Partial<JobRun<{ deep: boolean }>> = {}) =>
    await createCheckJob(t).run(testRun({ deep: true }, { ...watched, ...parts }))

  test('finds what is damaged, marks it, and names neither repositories nor tags', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    expect(await run()).toMatchObject({ findings: 0, marked: 0 })
    await t.replaceBytes(await t.objectOf(layer), layerOf(2))
    expect(await run({ payload: { deep: false } })).toMatchObject({ findings: 0 })
    expect(await run()).toMatchObject({ findings: 1, marked: 1, codes: { 'object-corrupt': 1 } })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^object-corrupt sha256:.*; marked$/)
    expect(lines[0]).not.toContain('team')
    await expect(t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
  })

  test('goes on after every place it kept with the same sum', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    await t.replaceBytes(await t.objectOf(layer), layerOf(2))
    const whole = await run({ payload: { deep: false } })
    const places = [...kept]
    expect(places.length).toBeGreaterThan(6)
    for (const position of places) expect(await run({ payload: { deep: false }, position })).toEqual(whole)
  })

  test('ends when it is told to', async () => {
    await t.pushImage('team/app', 'v1')
    const stop = new AbortController()
    const ended = run({ signal: stop.signal, report: () => stop.abort(new Error('the end')) })
    await expect(ended).rejects.toThrow('the end')
    expect(kept).toHaveLength(1)
  })
})
