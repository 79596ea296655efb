import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEnvironment } from './environment.ts'
import { keys } from './keys.ts'
import { loadConfig, type LoadedConfig } from './load-config.ts'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'berth-config-'))
})

afterEach(() => {
  rmSync(cwd, { recursive: true })
})

function load(flags: Record<string, string> = {}, env: Record<string, string> = {}): LoadedConfig {
  return loadConfig({ flags: new Map(Object.entries(flags)), environment: readEnvironment(env), cwd })
}

function valid(flags?: Record<string, string>, env?: Record<string, string>) {
  const loaded = load(flags, env)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded
}

function problems(flags?: Record<string, string>, env?: Record<string, string>) {
  const loaded = load(flags, env)
  return loaded.ok ? [] : loaded.problems.map(({ source, code, values }) => ({ source, code, values }))
}

function write(name: string, text: string): string {
  writeFileSync(join(cwd, name), text)
  return name
}

test('without anything there are the defaults, as numbers and frozen', () => {
  const { config } = valid()
  expect(config).toEqual({
    listen: { host: '127.0.0.1', port: 5000 },
    data: join(cwd, 'data'),
    open: false,
    workers: 1,
    role: 'all',
    tls: { minimum: '1.2' },
    proxy_protocol: { from: [] },
    admin: {},
    database: {},
    gc: { lease: 86_400_000, drain: 900_000, interval: 60_000, untagged: 2_592_000_000 },
    trash: { retention: 604_800_000 },
    jobs: { at_once: 2, lease: 30_000 },
    usage: { retention: 400 * 86_400_000 },
    inventory: { retention: 604_800_000 },
    uploads: { expiry: 86_400_000 },
    push: { sparse: 'off' },
    limits: { manifest: 4_194_304, requests: 8192, requests_per_address: 4096 },
    storage: { verify: 'first', scrub: 16 * 1024 * 1024 },
    http: { drain: 30_000, trusted_proxies: [], forwarded_header: 'x-forwarded-for' },
    token: {},
    ops: {},
    log: { level: 'info' },
  })
  expect([config, config.listen, config.gc].every((part) => Object.isFrozen(part))).toBe(true)
})

test('a flag goes before a variable, a variable before the file, the file before the default', () => {
  write('berth.yaml', 'data: file\nlisten: 127.0.0.1:1\nlog:\n  level: warn\n')
  const { config, settings } = valid({ '--data': 'flag' }, { BERTH_DATA: 'variable', BERTH_LISTEN: '127.0.0.1:2' })
  expect(config).toMatchObject({ data: join(cwd, 'flag'), listen: { port: 2 }, log: { level: 'warn' } })
  const source = (path: string) => settings.find(({ key }) => key.path === path)?.source
  expect(source('data')).toEqual({ kind: 'flag', name: '--data' })
  expect(source('listen')).toEqual({ kind: 'environment', name: 'BERTH_LISTEN' })
  expect(source('log.level')).toEqual({ kind: 'file', path: 'berth.yaml', line: 4 })
  expect(source('storage.verify')).toEqual({ kind: 'default' })
})

test('--config goes before BERTH_CONFIG, and both before berth.yaml', () => {
  write('berth.yaml', 'data: usual\n')
  write('b.yaml', 'data: variable\n')
  write('c.yaml', 'data: flag\n')
  expect(valid({}, {}).config.data).toBe(join(cwd, 'usual'))
  expect(valid({}, { BERTH_CONFIG: 'b.yaml' }).config.data).toBe(join(cwd, 'variable'))
  expect(valid({ '--config': 'c.yaml' }, { BERTH_CONFIG: 'b.yaml' }).config.data).toBe(join(cwd, 'flag'))
})

test('the file may be distribution\'s, and its variables go before it, behind those of Berth', () => {
  write('config.yml', 'version: 0.1\nhttp:\n  addr: 127.0.0.1:1\nstorage:\n  filesystem: {rootdirectory: file}\n  delete: {enabled: true}\n')
  const env = { REGISTRY_HTTP_ADDR: '127.0.0.1:2', REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: 'theirs', BERTH_DATA: 'ours' }
  const { config, settings, warnings } = valid({ '--config': 'config.yml' }, env)
  expect(config).toMatchObject({ listen: { port: 2 }, data: join(cwd, 'ours') })
  expect(settings.find(({ key }) => key.path === 'listen')?.source).toEqual({ kind: 'environment', name: 'REGISTRY_HTTP_ADDR' })
  expect(warnings).toEqual([])
  expect(valid({}, { REGISTRY_CONFIGURATION_PATH: 'config.yml' }).config.data).toBe(join(cwd, 'file'))
  write('b.yaml', 'data: ours\n')
  expect(valid({}, { REGISTRY_CONFIGURATION_PATH: 'config.yml', BERTH_CONFIG: 'b.yaml' }).config.data).toBe(join(cwd, 'ours'))
  expect(problems({}, { REGISTRY_CONFIGURATION_PATH: 'none.yml' })).toMatchObject([{ code: 'file-unreadable' }])
  expect(problems({}, { REGISTRY_HTTP_ADDR: 'x' })).toMatchObject([{ source: { name: 'REGISTRY_HTTP_ADDR' }, code: 'not-an-address' }])
})

test('distribution\'s variables go before a berth.yaml, and warnings come with mistakes too', () => {
  write('berth.yaml', 'data: file\nlog:\n  level: warn\n')
  const kubernetes = { REGISTRY_PORT: 'tcp://10.0.0.7:5000', REGISTRY_SERVICE_HOST: '10.0.0.7', REGISTRY_PORT_5000_TCP_ADDR: '10.0.0.7' }
  const loaded = load({}, { ...kubernetes, REGISTRY_LOG_LEVEL: 'error', REGISTRY_HTTP_SECRET: 'hunter2', REGISTRY_AUTH: 'htpasswd' })
  expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ code: 'refused-key', values: { key: 'auth' } }])
  expect(loaded.warnings).toMatchObject([{ code: 'ignored-key', values: { key: 'http.secret' } }])
  expect(JSON.stringify(loaded)).not.toContain('hunter2')
  expect(valid({}, { ...kubernetes, REGISTRY_LOG_LEVEL: 'error' }).config).toMatchObject({ data: join(cwd, 'file'), log: { level: 'error' } })
})

test('a configuration file that was named must be there, and must be text of a bounded size', () => {
  const [flag, variable] = [problems({ '--config': 'none.yaml' })[0], problems({}, { BERTH_CONFIG: 'none.yaml' })[0]]
  expect([flag?.code, flag?.source]).toEqual(['file-unreadable', { kind: 'flag', name: '--config' }])
  expect([variable?.code, variable?.source]).toEqual(['file-unreadable', { kind: 'environment', name: 'BERTH_CONFIG' }])
  write('big.yaml', `#${' '.repeat(64 * 1024)}`)
  expect(problems({ '--config': 'big.yaml' })[0]?.values.reason).toBe('more than 65536 bytes')
  writeFileSync(join(cwd, 'latin.yaml'), Buffer.from('data: \xe9', 'latin1'))
  expect(problems({ '--config': 'latin.yaml' })[0]?.code).toBe('file-unreadable')
  expect(problems({ '--config': '.' })[0]?.code).toBe('file-unreadable')
  writeFileSync(join(cwd, 'berth.yaml'), Buffer.from([0xff]))
  expect(problems()[0]?.source).toEqual({ kind: 'file', path: 'berth.yaml', line: 1 })
})

test('all mistakes of all sources are reported at once, each with its place', () => {
  write('berth.yaml', 'gc:\n  leese: 1h\n  drain: 5 minutes\nstorage:\n  verify: frist\n')
  const env = { BERTH_LOG_LEVL: 'warn', BERTH_UPLOADS_EXPIRY: '0s', BERTH_LIMITS_MANIFEST: '1GiB' }
  const found = problems({ '--listen': '0.0.0.0:5000' }, env)
  const placed = found.map(({ source, code }) => [source.kind === 'file' ? source.line : 'name' in source && source.name, code])
  expect(placed).toEqual([
    ['BERTH_LOG_LEVL', 'unknown-variable'],
    [2, 'unknown-key'],
    [3, 'not-a-duration'],
    ['BERTH_UPLOADS_EXPIRY', 'too-small'],
    ['BERTH_LIMITS_MANIFEST', 'too-large'],
    [5, 'not-one-of'],
  ])
  expect(found[5]?.values).toEqual({ key: 'storage.verify', value: '"frist"', choices: 'first, always, never', nearest: 'first' })
})

test.each([
  ['BERTH_LISTEN', 'localhost', 'not-an-address'],
  ['BERTH_DATA', '', 'not-a-directory'],
  ['BERTH_OPEN', 'yes', 'not-one-of'],
  ['BERTH_GC_LEASE', '999ms', 'too-small'],
  ['BERTH_GC_LEASE', '99999999999d', 'not-a-duration'],
  ['BERTH_GC_DRAIN', '15', 'not-a-duration'],
  ['BERTH_HTTP_DRAIN', '25d', 'too-large'],
  ['BERTH_LIMITS_MANIFEST', '3999999', 'too-small'],
  ['BERTH_LIMITS_MANIFEST', '65MiB', 'too-large'],
  ['BERTH_LIMITS_MANIFEST', 'lots', 'not-a-size'],
  ['BERTH_LIMITS_REQUESTS', '0', 'too-small'],
  ['BERTH_LIMITS_REQUESTS', '1000001', 'too-large'],
  ['BERTH_LIMITS_REQUESTS', '-1', 'not-a-count'],
  ['BERTH_LIMITS_REQUESTS_PER_ADDRESS', '1e3', 'not-a-count'],
  ['BERTH_LIMITS_REQUESTS_PER_ADDRESS', '', 'not-a-count'],
  ['BERTH_HTTP_TRUSTED_PROXIES', '10.0.0.0/33', 'not-networks'],
  ['BERTH_HTTP_TRUSTED_PROXIES', '', 'not-networks'],
  ['BERTH_HTTP_TRUSTED_PROXIES', 'proxy.test', 'not-networks'],
  ['BERTH_HTTP_FORWARDED_HEADER', 'x-real-ip', 'not-one-of'],
  ['BERTH_WORKERS', '0', 'too-small'],
  ['BERTH_WORKERS', '65', 'too-large'],
  ['BERTH_WORKERS', '2.5', 'not-a-count'],
  ['BERTH_ROLE', 'serve', 'needs-postgres'],
  ['BERTH_ROLE', 'work', 'needs-postgres'],
  ['BERTH_LOG_LEVEL', 'INFO', 'not-one-of'],
  ['BERTH_TLS_CERTIFICATE', 'cert.pem', 'needs'],
  ['BERTH_TLS_CERTIFICATE', '', 'not-a-file'],
  ['BERTH_TLS_KEY', 'key.pem', 'needs'],
  ['BERTH_TLS_REDIRECT', '127.0.0.1:80', 'needs'],
  ['BERTH_TLS_MINIMUM', '1.1', 'not-one-of'],
  ['BERTH_PROXY_PROTOCOL_FROM', '10.0.0.0/33', 'not-networks'],
  ['BERTH_LIMITS_CONNECTIONS', '0', 'too-small'],
  ['BERTH_LIMITS_CONNECTIONS_PER_ADDRESS', '0', 'too-small'],
  ['BERTH_HTTP_EXTERNAL_URL', 'registry.test', 'not-an-origin'],
  ['BERTH_HTTP_EXTERNAL_URL', 'https://registry.test/path', 'not-an-origin'],
  ['BERTH_HTTP_EXTERNAL_URL', 'https://u:p@registry.test', 'not-an-origin'],
  ['BERTH_HTTP_EXTERNAL_URL', 'ftp://registry.test', 'not-an-origin'],
  ['BERTH_TOKEN_REALM', 'https://auth.test/"', 'not-a-url'],
  ['BERTH_TOKEN_REALM', 'https://auth.test/token', 'needs'],
  ['BERTH_TOKEN_SERVICE', 'a "b"', 'not-a-word'],
  ['BERTH_TOKEN_SERVICE', '', 'not-a-word'],
  ['BERTH_TOKEN_ISSUER', 'auth', 'needs'],
  ['BERTH_TOKEN_JWKS', 'keys.json', 'needs'],
  ['BERTH_DATABASE_URL', 'mysql://a/b', 'not-a-postgres-url'],
  ['BERTH_DATABASE_URL', '', 'not-a-postgres-url'],
])('%s=%s is refused: %s', (name, text, code) => {
  expect(problems({}, { [name]: text })).toMatchObject([{ source: { kind: 'environment', name }, code }])
})

test.each([
  ['BERTH_GC_LEASE', '1s'],
  ['BERTH_GC_DRAIN', '0s'],
  ['BERTH_TRASH_RETENTION', '0s'],
  ['BERTH_LIMITS_MANIFEST', '4MB'],
  ['BERTH_LIMITS_MANIFEST', '64MiB'],
  ['BERTH_LIMITS_REQUESTS', '1'],
  ['BERTH_LIMITS_REQUESTS_PER_ADDRESS', '1000000'],
  ['BERTH_WORKERS', '64'],
  ['BERTH_LISTEN', '[::1]:0'],
  ['BERTH_HTTP_TRUSTED_PROXIES', '10.0.0.0/8, ::1'],
  ['BERTH_HTTP_EXTERNAL_URL', 'https://registry.test:5000/'],
  ['BERTH_HTTP_EXTERNAL_URL', 'http://[::1]:5000'],
  ['BERTH_DATABASE_URL', 'postgresql:///berth?host=/var/run/postgresql'],
])('%s=%s is accepted', (name, text) => {
  expect(problems({}, { [name]: text })).toEqual([])
})

test('any address may be served on, with and without a login', () => {
  expect(valid({ '--listen': '[::]:0' }).config.open).toBe(false)
  expect(valid({ '--listen': '[::]:0', '--open': 'true' }).config.open).toBe(true)
  expect(valid({ '--listen': '10.0.0.1:0' }, { BERTH_OPEN: 'true' }).config.listen.host).toBe('10.0.0.1')
})

test('a secret is read from its file, and the file of a stronger source goes before the text of a weaker one', () => {
  write('url', 'postgres://u:hunter2@h/d\n')
  write('berth.yaml', 'database:\n  url: postgres://weak/d\n')
  expect(valid({}, { BERTH_DATABASE_URL_FILE: 'url' }).config.database.url).toBe('postgres://u:hunter2@h/d')
  write('berth.yaml', 'database:\n  url_file: url\n')
  expect(valid().config.database.url).toBe('postgres://u:hunter2@h/d')
  write('berth.yaml', 'database:\n  url_file: none\n')
  expect(problems()).toMatchObject([{ source: { line: 2 }, code: 'secret-unreadable' }])
})

test('no problem tells a secret', () => {
  write('url', 'mysql://u:hunter2@h/d')
  for (const env of [{ BERTH_DATABASE_URL: 'mysql://u:hunter2@h/d' }, { BERTH_DATABASE_URL_FILE: 'url' }]) {
    expect(problems({}, env)).toHaveLength(1)
    expect(JSON.stringify(problems({}, env))).not.toContain('hunter2')
  }
})

test('no two keys share a variable, and every default passes its own check', () => {
  expect(new Set(keys.map(({ variable }) => variable)).size).toBe(keys.length)
  for (const { variable, preset } of keys) {
    if (preset !== undefined) expect(problems({}, { [variable]: preset })).toEqual([])
  }
})

test('the files of TLS start at the working directory, as the data does', () => {
  const { config } = valid({}, { BERTH_TLS_CERTIFICATE: 'tls/cert.pem', BERTH_TLS_KEY: '/etc/key.pem', BERTH_TLS_REDIRECT: '127.0.0.1:80' })
  const redirect = { host: '127.0.0.1', port: 80 }
  expect(config.tls).toEqual({ certificate: join(cwd, 'tls/cert.pem'), key: '/etc/key.pem', minimum: '1.2', redirect })
})
