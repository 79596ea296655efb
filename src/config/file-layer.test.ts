import { expect, test } from 'bun:test'
import { fileLayer } from './file-layer.ts'
import type { Source } from './problem.ts'
import { parseYaml } from './yaml-text.ts'

function read(text: string) {
  const { settings, problems } = fileLayer('berth.yaml', parseYaml(text, (line) => ({ kind: 'file', path: 'berth.yaml', line })))
  const lineOf = (source: Source) => (source.kind === 'file' ? source.line : undefined)
  return {
    settings: [...settings].map(([path, setting]) => [path, setting.text, lineOf(setting.source)]),
    problems: problems.map(({ code, source, values }) => [lineOf(source), code, values.key ?? values.reason, values.nearest]),
  }
}

test('every value is the text that stands there, with its line', () => {
  const text = '# mine\nlisten: ::1\nopen: true\ngc:\n  lease: 24h # a day\n  drain: "0s"\ndatabase:\n  url_file: /run/url\n'
  expect(read(text)).toEqual({
    settings: [
      ['listen', '::1', 2],
      ['open', 'true', 3],
      ['gc.lease', '24h', 5],
      ['gc.drain', '0s', 6],
      ['database.url', '/run/url', 8],
    ],
    problems: [],
  })
  expect(read('gc.lease: 1h\n').settings).toEqual([['gc.lease', '1h', 1]])
})

test.each(['', '# only a comment\n', '---\n', 'gc:\n  # lease: 24h\n'])('nothing is set by %p', (text) => {
  expect(read(text)).toEqual({ settings: [], problems: [] })
})

test('all unknown keys are reported, with the nearest known one', () => {
  const text = 'lisen: a\ngc:\n  leese: 1h\n  lease: 2h\nstorge:\n  verify: first\nxyz: 1\n<<: {a: 1}\nlog: {level: {a: 1}}\n'
  expect(read(text)).toEqual({
    settings: [['gc.lease', '2h', 4]],
    problems: [
      [1, 'unknown-key', '"lisen"', 'listen'],
      [3, 'unknown-key', '"gc.leese"', 'gc.lease'],
      [5, 'unknown-key', '"storge"', 'storage'],
      [7, 'unknown-key', '"xyz"', ''],
      [8, 'unknown-key', '"<<"', ''],
      [9, 'not-a-value', '"log.level"', undefined],
    ],
  })
})

test('a value where keys belong, a list and an alias are refused', () => {
  expect(read('gc: 24h\ndata: [a]\nhttp: &x\n  drain: 1s\nlog: *x\nuploads:\n  expiry: *x\n').problems).toEqual([
    [1, 'not-a-group', '"gc"', undefined],
    [2, 'not-a-value', '"data"', undefined],
    [5, 'not-a-group', '"log"', undefined],
    [7, 'not-a-value', '"uploads.expiry"', undefined],
  ])
  expect(read('- listen\n').problems).toEqual([[1, 'not-a-group', 'berth.yaml', undefined]])
  expect(read('just words').problems).toEqual([[1, 'not-a-group', 'berth.yaml', undefined]])
})

test('a key given twice is refused, whichever way it is written', () => {
  expect(read('open: true\nopen: false\n').problems).toEqual([[2, 'not-yaml', 'Map keys must be unique', undefined]])
  expect(read('gc:\n  lease: 1h\ngc.lease: 2h\n').problems).toEqual([[3, 'duplicate-key', 'gc.lease', undefined]])
})

test('what is not YAML is refused with its line, without a piece of the file', () => {
  expect(read('listen: a\ngc: {lease: 1h\n').problems[0]?.slice(0, 2)).toEqual([3, 'not-yaml'])
  expect(read('a: b\n---\nc: d\n').problems[0]?.slice(0, 2)).toEqual([2, 'not-yaml'])
  expect(read('listen: !secret hunter2\n').problems[0]?.slice(0, 2)).toEqual([1, 'not-yaml'])
  expect(String(read(`listen: !${'long'.repeat(1000)}! a\n`).problems[0]?.[2]).length).toBeLessThan(300)
  for (const text of ['database:\n  url: |postgres://u:hunter2@h/d\n', 'database:\n  url: "postgres://u:"hunter2"@h/d"\n']) {
    const { problems } = read(text)
    expect(problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  }
})

test.each(['[', '{a: ', '- ', '? '])('64 KiB of %p is refused with few words', (piece) => {
  const { problems } = read(piece.repeat(65_536 / piece.length))
  expect(problems.length).toBeGreaterThan(0)
  expect(problems.length).toBeLessThanOrEqual(5)
})

test('anchors that multiply are never expanded', () => {
  const levels = Array.from({ length: 12 }, (_, level) => `a${level + 1}: &b${level + 1} [${`*b${level}, `.repeat(9)}*b${level}]`)
  const codes = read(`a0: &b0 [x]\n${levels.join('\n')}\n`).problems.map(([, code]) => code)
  expect(codes).toEqual(Array.from({ length: 13 }, () => 'unknown-key'))
})
