import { expect, test } from 'bun:test'
import { judge } from '../judge.ts'
import { rotated } from '../measure.ts'
import { type Measurement, merge, type Results, spreadOf, type WorkloadResult } from '../results.ts'
import { givenSystems, systems } from '../systems/index.ts'
import { type Medians, workloads } from '../workloads/index.ts'
import { beside, besideBest, besidePart, limit } from '../workloads/goals.ts'
import { whereOthersAreBetter } from './better.ts'
import { chartOf } from './chart.ts'
import { number } from './format.ts'
import { goalLine } from './goals.ts'
import { renewPage } from './page.ts'
import { plainTable, rowsOf } from './rows.ts'

const samplesOf = (...cpuMicros: number[]) =>
  cpuMicros.map((cpu) => ({
    done: 100,
    cpuMicros: cpu,
    rate: 1e6 / cpu,
    p50: 1,
    p99: 2,
    peakBytes: 64e6,
    serverBusy: 1,
    clientBusy: 0.5,
  }))

const measurements: Measurement[] = [
  { system: 'berth', samples: samplesOf(20, 18, 19), voided: [] },
  { system: 'nginx', samples: samplesOf(10), voided: ['status 500'] },
  { system: 'docker-registry', samples: [], voided: ['did not come up'] },
]

const goal = { text: 'CPU', kind: 'at most', limit: 20, unit: 'µs', figure: 19, met: true } as const
const workload: WorkloadResult = {
  id: 'M1',
  title: 'A < B',
  what: 'What.',
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  warmUp: 1,
  measured: 2,
  sitting: {
    recordedAt: '2026-01-02T03:04:05.000Z',
    commit: 'abc',
    machine: { processor: 'P', cores: 2, memoryBytes: 8e9, kernel: 'Linux 6', bun: '1.4.5', fileSystem: 'ext4', load: 3 },
    cores: { server: 0, client: 1 },
  },
  parts: [{ name: '', measurements }],
  goals: [goal],
}

const results: Results = {
  systems: systems.map(({ id, name, facts }) => {
    return { id, name, facts, version: '1.0.0', command: 'run', files: { 'a.yml': 'b: c\n' } }
  }),
  workloads: [workload],
}

test('the middle, the least and the most', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, least: 1, most: 4 })
})

test('the order turns', () => {
  expect([0, 1, 2, 3].map((run) => rotated(['a', 'b', 'c'], run).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
})

test('three digits', () => {
  expect([0.01234, 1.5, 18.26, 932.4, 37194.2].map(number)).toEqual(['0.012', '1.50', '18.3', '932', '37,194'])
})

test('goals are judged by medians, and not where a system is missing', () => {
  const of = (id: keyof Medians) => (part: (name: string) => Medians) => part('')[id]?.cpuMicros
  const goals = [
    { text: 'low', kind: 'at most', limit: 19, unit: '', figure: of('berth') },
    { text: 'high', kind: 'at least', limit: 20, unit: '', figure: of('berth') },
    { text: 'none', kind: 'at most', limit: 1, unit: '', figure: of('docker-registry') },
  ] as const
  expect(judge(goals, workload.parts).map(({ text, met }) => [text, met])).toEqual([['low', true], ['high', false]])
})

test('a system, the best peer and another part are compared with', () => {
  const parts = [
    { name: 'a', measurements },
    { name: 'b', measurements: [{ system: 'berth', samples: samplesOf(38), voided: [] }] as const },
  ]
  const peers: Measurement[] = [
    { system: 'zot', samples: samplesOf(38), voided: [] },
    { system: 'distribution', samples: samplesOf(76), voided: [] },
  ]
  const all = [{ name: 'a', measurements: [...measurements, ...peers] }, ...parts.slice(1)]
  const goals = [
    beside('nginx', 'cpuMicros', 2, 'a'),
    besideBest('cpuMicros', 1 / 4, 'a'),
    besideBest('rate', 2, 'a'),
    besidePart('cpuMicros', 2, 'b', 'a'),
    limit('cpuMicros', 0.01, 'ms', 1000, 'a'),
  ]
  const judged = judge(goals, all).map(({ figure, met }) => [figure, met])
  expect(judged).toEqual([[1.9, true], [0.5, false], [2, true], [2, true], [0.019, false]])
  expect(judge(goals, parts)).toHaveLength(3)
})

test('a goal says its figure in its unit, and a ratio as a part', () => {
  expect(goalLine(goal)).toBe('met: CPU: 19.0 µs, wanted at most 20.0 µs')
  const ratio = { text: 'part', kind: 'at most', limit: 1 / 20, unit: '×', figure: 1 / 8, met: false } as const
  expect(goalLine(ratio)).toBe('not met: part: 1/8, wanted at most 1/20')
  expect(goalLine({ ...ratio, limit: 1.3, figure: 1.1, met: true })).toBe('met: part: 1.10 ×, wanted at most 1.30 ×')
})

test('the table has a row for every system, also for one without a valid run', () => {
  const rows = rowsOf(results, workload)
  expect(rows.map(([name]) => name)).toEqual(['', 'Berth', 'nginx, static file', 'docker-registry'])
  expect(rows[1]?.[1]).toBe('19.0 (18.0 - 20.0)')
  expect(rows.map((row) => row.at(-1))).toEqual(['runs', '3', '1, 1 void', '0, 1 void'])
  expect(plainTable(rows).split('\n')).toHaveLength(4)
})

test('parts have rows of their own, and gigabytes seconds of CPU', () => {
  const parts = ['GET', 'HEAD'].map((name) => ({ name, measurements: measurements.slice(0, 1) }))
  const rows = rowsOf(results, { ...workload, unit: 'GB', cpuUnit: 's', parts })
  expect(rows.map((row) => row.slice(0, 4))).toEqual([
    ['', '', 'CPU per GB, s', 'GB a second'],
    ['GET', 'Berth', '0.000 (0.000 - 0.000)', '52,632 (50,000 - 55,556)'],
    ['HEAD', 'Berth', '0.000 (0.000 - 0.000)', '52,632 (50,000 - 55,556)'],
  ])
  const svg = chartOf(results, { ...workload, parts })
  expect(svg).toContain('HEAD: CPU per request, µs (less is better): Berth 19.0')
  expect(svg).not.toContain('requests a second')
})

test('memory at rest has a column where it was read', () => {
  const rested: Measurement[] = [
    { system: 'berth', samples: samplesOf(20, 18).map((sample) => ({ ...sample, restBytes: 90e6 })), voided: [] },
    { system: 'nginx', samples: [], voided: ['status 500'] },
  ]
  const rows = rowsOf(results, { ...workload, shows: ['p50', 'restBytes'], parts: [{ name: '', measurements: rested }] })
  expect(rows.map((row) => row.slice(5, 7))).toEqual([['peak memory', 'memory at rest'], ['64 MB', '90 MB'], ['-', '-']])
  expect(rows.map((row) => row.length)).toEqual([10, 10, 10])
  expect(rowsOf(results, workload)[0]).not.toContain('memory at rest')
})

test('where a registry does better is said, and not of nginx', () => {
  const others: Measurement[] = [...measurements, { system: 'distribution', samples: samplesOf(18), voided: [] }]
  const better = { ...results, workloads: [{ ...workload, parts: [{ name: '', measurements: others }] }] }
  expect(whereOthersAreBetter(results)).toEqual([])
  expect(whereOthersAreBetter(better)).toEqual([
    'M1: distribution, CPU per request, µs: 18.0, Berth 19.0',
    'M1: distribution, requests a second: 55,556, Berth 52,632',
  ])
})

test('what is measured anew takes the place of its old results', () => {
  const other = { ...workload, id: 'M2' }
  const newer = { ...workload, title: 'newer' }
  const merged = merge({ ...results, workloads: [workload, other] }, { systems: [], workloads: [newer] })
  expect(merged.workloads).toEqual([newer, other])
  expect(merged.systems).toEqual(results.systems)
})

test('the chart is well-formed, says its figures in words, and scales bars to the longest', () => {
  const svg = chartOf(results, workload)
  const open: string[] = []
  for (const [, closing, name = '', selfClosing] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (closing === '/') expect(open.pop()).toBe(name)
    else if (selfClosing !== '/') open.push(name)
  }
  expect(open).toEqual([])
  expect(svg).toContain('<title id="title">M1: A &lt; B</title>')
  expect(svg).toContain('Berth 19.0 (18.0 to 20.0); nginx, static file 10.0 (10.0 to 10.0)')
  const widths = [...svg.matchAll(/class="(?:own|bar)"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width))
  expect(widths).toEqual([370.5, 195, 205.3, 390])
})

test('the page keeps what is around its generated part', () => {
  const page = 'before\n<!-- generated by npm run bench: begin -->\nold\n<!-- generated by npm run bench: end -->\nafter\n'
  const renewed = renewPage(page, results)
  expect(renewed).toStartWith('before\n')
  expect(renewed).toEndWith('\nafter\n')
  expect(renewed).not.toContain('old')
  expect(renewed).toContain('busy with other work')
  expect(renewed).toContain('- void run of nginx: status 500')
  expect(renewPage(renewed, results)).toBe(renewed)
  expect(() => renewPage('nothing', results)).toThrow('lost the marks')
})

test('every workload names systems that exist, and measures Berth', () => {
  const known = [...systems, ...Object.values(givenSystems).map((make) => make('/a'))].map(({ id }) => id)
  for (const one of workloads) {
    expect(one.systems.filter((id) => !known.includes(id))).toEqual([])
    expect(one.systems).toContain('berth')
  }
})
