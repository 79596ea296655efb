import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { readEnvironment } from './environment.ts'
import { fileLayer } from './file-layer.ts'
import { loadConfig } from './load-config.ts'
import { maskUrl } from './mask-url.ts'
import { printSettings } from './print-settings.ts'
import { placeOf } from './problem.ts'
import { parseYaml } from './yaml-text.ts'

function print(env: Record<string, string>): string {
  // No such directory: no berth.yaml is found there.
  const loaded = loadConfig({ flags: new Map(), environment: readEnvironment(env), cwd: '/nonexistent/berth' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return printSettings(loaded.settings, ({ source }) => placeOf(source) ?? 'default')
}

test('the values in effect are a berth.yaml, each with where it comes from', () => {
  const text = print({ BERTH_GC_DRAIN: '0s' })
  expect(text).toStartWith('listen: 127.0.0.1:5000  # default\n')
  expect(text).toContain('\n# database.url:  # default\n')
  expect(text).toContain('\ngc:\n  lease: 24h  # default\n  drain: 0s  # BERTH_GC_DRAIN\n  interval: 60s  # default\n  untagged: 30d  # default\n# gc.rate:  # default\ntrash:\n')
  expect(parse(text)).toMatchObject({ open: false, gc: { lease: '24h', drain: '0s' }, storage: { verify: 'first' } })
})

const oddNames = ['a: b # c', 'a\nb', ' lead', '- x', '"', '*x', '&x', 'null', '数据']

test.each(oddNames)('the directory %p is read back as it was', (data) => {
  const yaml = parseYaml(print({ BERTH_DATA: data }), (line) => ({ kind: 'file', path: 'berth.yaml', line }))
  const { settings, problems } = fileLayer('berth.yaml', yaml)
  expect(problems).toEqual([])
  expect(settings.get('data')?.text).toBe(data)
})

test('a secret is masked', () => {
  const text = print({ BERTH_DATABASE_URL: 'postgres://berth:hunter2@db:5432/berth?sslmode=require' })
  expect(text).toContain('database:\n  url: postgres://berth:***@db:5432/berth?sslmode=require  # BERTH_DATABASE_URL\n')
  expect(text).not.toContain('hunter2')
})

test.each(['hunter2', 'plum:hunter2', 'https://hunter2/'])('a password is masked, also %s', (password) => {
  const text = print({ BERTH_ADMIN_PASSWORD: password })
  expect(text).toContain(`admin:\n  password: "***"  # BERTH_ADMIN_PASSWORD\n`)
  expect(text).not.toContain('hunter2')
})

test.each([
  ['postgres://u:p%40w@h/d', 'postgres://u:***@h/d'],
  ['postgres://u@h/d?password=a&password=b&sslkey=c&sslmode=require', 'postgres://u@h/d?password=***&sslkey=***&sslmode=require'],
  ['postgres://h/d', 'postgres://h/d'],
  ['not a url: hunter2', '***'],
])('%s is shown as %s', (text, masked) => {
  expect(maskUrl(text)).toBe(masked)
})
