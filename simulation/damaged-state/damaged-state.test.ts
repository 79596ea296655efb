import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Item } from '../rig/ledger.ts'
import { pathOf } from '../rig/look.ts'
import { type Boot, boot, filesOf } from './boot.ts'
import { type Case, cases, configurations } from './cases.ts'
import { createSample, type Sample } from './sample.ts'

setDefaultTimeout(180_000)

let sample: Sample
let folder: string
const data = () => join(folder, 'data')

beforeAll(async () => {
  sample = await createSample()
})
afterAll(async () => await sample.dispose())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-damaged-case-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Exit code 1 and one line for a person. */
function expectRefusal(result: Boot, why: RegExp): void {
  if (!('refused' in result)) throw new Error(`it started: ${JSON.stringify(result)}`)
  expect(result.refused).toMatch(why)
  expect(result.refused).toMatch(/^berth: [^\n]+\n$/)
  expect(result.exitCode).toBe(1)
}

type Served = Exclude<Case['outcome'], RegExp>

/** What is served, and that nothing else is missing. */
function expectServed(result: Boot, outcome: Served): void {
  const damaged = outcome === 'truth' || outcome === 'bytes'
  if ('refused' in result && damaged) return expectRefusal(result, /database/)
  if ('ended' in result && damaged) {
    expect(result.ended).toContain('the database can no longer be trusted')
    return expect(result.exitCode).toBe(1)
  }
  if ('unready' in result && damaged) return
  if (!('absent' in result)) throw new Error(`it did not serve: ${JSON.stringify(result)}`)
  const said = (item: Item): boolean => outcome === 'truth' && result.damaged.has(item.digest)
  const lost = [...lostBy(outcome), ...sample.old.filter(said)].map(pathOf)
  const mayBeAbsent = outcome === 'bytes' ? result.absent : lost
  expect(result.absent.filter((path) => !mayBeAbsent.includes(path))).toEqual([])
  if (!damaged) expect(result.failed).toEqual([])
}

/** What only the damaged part had. */
function lostBy(outcome: Served): Item[] {
  const all = [...sample.old, ...sample.recent]
  switch (outcome) {
    case 'old':
      return [...sample.recent]
    case 'rows':
      return all.filter(({ kind }) => kind === 'blob')
    case 'none':
      return all
    case 'all':
    case 'truth':
    case 'bytes':
      return []
  }
}

describe('a start where', () => {
  test.each(cases)('$name', async ({ from, damage, outcome }) => {
    cpSync(sample[from], data(), { recursive: true })
    damage(data(), sample)
    const before = filesOf(data())
    const items = from === 'stopped' ? sample.old : [...sample.old, ...sample.recent]
    const collected = ['all', 'old', 'rows'].includes(String(outcome)) ? sample.garbage : undefined
    const result = await boot(data(), items, { collected })
    const after = filesOf(data())
    if (outcome instanceof RegExp) {
      expectRefusal(result, outcome)
      expect(after).toEqual(before)
    } else {
      expectServed(result, outcome)
      // What was pushed since then may be without its manifest now, and is collected.
      const meant = outcome === 'old' ? filesOf(sample.stopped) : before
      const good = ([path]: [string, string]) => /^(blobs|elsewhere)\//.test(path) && path in meant && !path.includes(sample.garbage.digest.slice(7))
      expect(Object.entries(after).filter(good)).toEqual(Object.entries(before).filter(good))
    }
  })
})

describe('a start whose berth.yaml', () => {
  test.each(configurations)('%s', async (_, text, why) => {
    cpSync(sample.stopped, data(), { recursive: true })
    const config = join(folder, 'berth.yaml')
    writeFileSync(config, text)
    const before = filesOf(data())
    const result = await boot(data(), sample.old, { config })
    if (why === undefined) return expectServed(result, 'all')
    if (!('refused' in result)) throw new Error('it started')
    expect(result.refused).toMatch(why)
    expect(result.exitCode).toBe(2)
    expect(filesOf(data())).toEqual(before)
  })
})
