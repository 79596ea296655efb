import { expect, test } from 'bun:test'
import { loadConfig, readEnvironment } from '../config/index.ts'
import { createSay } from './messages.ts'
import { describeProblems, describeWarnings } from './problems.ts'

function describe(language: 'en' | 'zh-CN', env: Record<string, string>, flags: Record<string, string> = {}): string {
  // No such directory: no berth.yaml is found there.
  const sources = { flags: new Map(Object.entries(flags)), environment: readEnvironment(env), cwd: '/nonexistent/berth' }
  const loaded = loadConfig(sources)
  return loaded.ok ? '' : describeProblems(loaded.problems, createSay(language), language)
}

const everything = {
  BERTH_XYZZY: '',
  BERTH_DATABASE_URL: 'x',
  BERTH_DATABASE_URL_FILE: 'y',
  BERTH_DATA: '',
  BERTH_OPEN: 'yes',
  BERTH_GC_LEASE: '1ms',
  BERTH_GC_DRAIN: 'x',
  BERTH_LIMITS_MANIFEST: 'x',
  BERTH_HTTP_DRAIN: '99d',
  BERTH_CONFIG: 'none.yaml',
}

test.each(['en', 'zh-CN'] as const)('a mistake is a line with its place and all its values: %s', (language) => {
  const text = describe(language, everything, { '--listen': 'x' })
  expect(text.split('\n')).toHaveLength(13)
  expect(text).not.toMatch(/[{}]/)
  expect(text).toContain('\nBERTH_DATABASE_URL_FILE: database.url ')
  expect(text).toContain('\n--listen: listen')
})

test('the nearest known name is suggested', () => {
  const lines = describe('en', { BERTH_GC_LEESE: '1h', BERTH_LOG_LEVEL: 'wran' }).split('\n')
  expect(lines[0]).toEndWith('; did you mean BERTH_GC_LEASE?')
  expect(lines[1]).toEndWith('"wran" is not one of fatal, error, warn, info, debug, trace, silent; did you mean warn?')
})

test.each(['en', 'zh-CN'] as const)('what distribution would do otherwise is said in the language chosen: %s', (language) => {
  const environment = readEnvironment({ REGISTRY_HTTP_SECRET: 'hunter2', REGISTRY_URL: 'x', REGISTRY_AUTH: 'silly', REGISTRY_LOGLEVEL: 'loud' })
  const loaded = loadConfig({ flags: new Map(), environment, cwd: '/nonexistent/berth' })
  const warnings = describeWarnings(loaded.warnings, createSay(language), language)
  const text = warnings + describe(language, Object.fromEntries(environment.variables))
  expect(text.split('\n')).toHaveLength(6)
  expect(text).not.toMatch(/[{}`]|hunter2/)
  expect(warnings).toMatch(language === 'en' ? /^REGISTRY_URL: warning: no key/ : /^REGISTRY_URL: 警告：/)
  expect(text).toContain(language === 'en' ? 'REGISTRY_AUTH: auth cannot be honoured' : 'REGISTRY_AUTH: auth 无法生效')
})
