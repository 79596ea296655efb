import { expect, test } from 'bun:test'
import { environmentLayer, readEnvironment } from './environment.ts'

function layerOf(env: Record<string, string>) {
  const { settings, problems } = environmentLayer(readEnvironment(env))
  return {
    settings: [...settings].map(([path, { text, file }]) => [path, text, file]),
    problems: problems.map(({ code, source, values }) => ['name' in source && source.name, code, values]),
  }
}

test('every key has its variable, a secret also the name of a file', () => {
  expect(layerOf({ BERTH_LISTEN: ':1', BERTH_GC_LEASE: '48h', BERTH_DATABASE_URL_FILE: '/run/url', PATH: '/bin' })).toEqual({
    settings: [
      ['listen', ':1', false],
      ['gc.lease', '48h', false],
      ['database.url', '/run/url', true],
    ],
    problems: [],
  })
})

test('an unknown variable is named with the nearest known one', () => {
  expect(layerOf({ BERTH_GC_LEESE: '1h', BERTH_LISTEN_FILE: 'x', BERTH_XYZZY: '' }).problems).toEqual([
    ['BERTH_GC_LEESE', 'unknown-variable', { nearest: 'BERTH_GC_LEASE' }],
    ['BERTH_LISTEN_FILE', 'unknown-variable', { nearest: 'BERTH_LISTEN' }],
    ['BERTH_XYZZY', 'unknown-variable', { nearest: '' }],
  ])
})

test('variables of tests and of Kubernetes services are none of ours', () => {
  const env = {
    BERTH_CONFIG: 'berth.yaml',
    BERTH_TEST_POSTGRES: 'x',
    BERTH_SERVICE_HOST: '10.0.0.7',
    BERTH_SERVICE_PORT: '5000',
    BERTH_SERVICE_PORT_HTTP: '5000',
    BERTH_PORT: 'tcp://10.0.0.7:5000',
    BERTH_PORT_5000_TCP: 'tcp://10.0.0.7:5000',
    BERTH_PORT_5000_TCP_ADDR: '10.0.0.7',
    BERTH_CONSOLE_SERVICE_HOST: '10.0.0.8',
  }
  expect(layerOf(env)).toEqual({ settings: [], problems: [] })
  expect(layerOf({ BERTH_PORT: '5000' }).problems).toHaveLength(1)
})

test('a secret given as text and as a file is refused', () => {
  expect(layerOf({ BERTH_DATABASE_URL: 'postgres://a/b', BERTH_DATABASE_URL_FILE: 'f' }).problems).toEqual([
    ['BERTH_DATABASE_URL_FILE', 'secret-twice', { key: 'database.url' }],
  ])
})

test('the first locale that is set decides the language', () => {
  const language = (env: Record<string, string>) => readEnvironment(env).language
  expect(language({})).toBe('en')
  expect(language({ LANG: 'zh_CN.UTF-8' })).toBe('zh-CN')
  expect(language({ LANG: 'zh' })).toBe('zh-CN')
  expect(language({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' })).toBe('en')
  expect(language({ LANG: 'de_DE.UTF-8', LC_MESSAGES: 'zh-Hans', LC_ALL: '' })).toBe('zh-CN')
  expect(language({ LANG: 'zhx' })).toBe('en')
})
