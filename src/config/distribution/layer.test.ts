import { expect, test } from 'bun:test'
import { keys } from '../keys.ts'
import { placeOf, type Problem } from '../problem.ts'
import { parseYaml } from '../yaml-text.ts'
import { isDistributionFile } from './entries.ts'
import { distributionKeys } from './keys.ts'
import { distributionLayer, variableOf } from './layer.ts'

const yaml = (text: string) => parseYaml(text, (line) => ({ kind: 'file', path: 'config.yml', line }))

/** What the layer makes of a file and variables: settings, mistakes and warnings as short lines. */
function read(file: string | undefined, variables: Record<string, string> = {}) {
  const layer = distributionLayer(file === undefined ? undefined : yaml(file), new Map(Object.entries(variables)))
  const told = (problems: readonly Problem[]) =>
    problems.map(({ code, source, values }) => [placeOf(source), code, values.key ?? values.nearest].filter(Boolean).join(' '))
  const settings = [...layer.settings].map(([path, { text, source }]) => `${path}=${text} ${placeOf(source)}`)
  return { settings, problems: told(layer.problems), warnings: told(layer.warnings) }
}

const quiet = 'version: 0.1\nstorage: {delete: {enabled: true}}\n'

test('a file of distribution names the version of its format', () => {
  expect(isDistributionFile(yaml('version: 0.1\n'))).toBe(true)
  expect(isDistributionFile(yaml('listen: 127.0.0.1:5000\n'))).toBe(false)
  expect(isDistributionFile(yaml('version: [\n'))).toBe(false)
  expect(read('version: 0.2\nstorage: {delete: {enabled: yes}}\n').problems).toEqual(['config.yml:1 not-version'])
})

test('what means something here is read, each value with its place', () => {
  const file = `version: 0.1
log:
  level: WARN
http:
  addr: :5000
  draintimeout: 1m30s
  debug: {addr: localhost:5001, prometheus: {enabled: true, path: /metrics}}
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: on
  maintenance:
    uploadpurging:
      enabled: true
      age: 168h
`
  expect(read(file)).toEqual({
    settings: [
      'listen=[::]:5000 config.yml:5',
      'http.drain=90s config.yml:6',
      'ops.listen=localhost:5001 config.yml:7',
      'log.level=warn config.yml:3',
      'data=/var/lib/registry config.yml:10',
      'uploads.expiry=7d config.yml:16',
    ],
    problems: [],
    warnings: [],
  })
})

test('the variables mean the same, and go before the file', () => {
  const file = `${quiet}http:\n  addr: 127.0.0.1:1\n`
  const variables = {
    REGISTRY_HTTP_ADDR: '127.0.0.1:2',
    REGISTRY_LOGLEVEL: 'debug',
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/data',
    REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING: '{enabled: false, age: 1h}',
    REGISTRY_HTTP_DRAINTIMEOUT: '',
    REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS: 'None',
  }
  expect(read(file, variables)).toEqual({
    settings: [
      'listen=127.0.0.1:2 REGISTRY_HTTP_ADDR',
      'log.level=debug REGISTRY_LOGLEVEL',
      'data=/data REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY',
      'uploads.expiry=3650d REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING',
      'push.sparse=index REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS',
    ],
    problems: [],
    warnings: [],
  })
})

test('a variable replaces what the file has below its path, and a longer one adds to it', () => {
  const file = 'version: 0.1\nstorage:\n  s3: {bucket: a}\n  delete: {enabled: false}\n'
  expect(read(file).problems).toEqual(['config.yml:4 refused-key storage.delete.enabled', 'config.yml:3 refused-key storage.s3'])
  const variables = {
    REGISTRY_STORAGE: 'filesystem',
    REGISTRY_STORAGE_DELETE_ENABLED: 'true',
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/x',
  }
  expect(read(file, variables)).toEqual({
    settings: ['data=/x REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'],
    problems: [],
    warnings: [],
  })
})

test.each([
  ['auth:\n  htpasswd:\n    path: /x\n', 'config.yml:5 refused-key auth'],
  ['auth:\n  htpasswd:\n', 'config.yml:4 refused-key auth'],
  ['auth: silly\n', 'config.yml:3 refused-key auth'],
  ['http: {tls: {clientcas: [/x]}}\n', 'config.yml:3 refused-key http.tls.clientcas'],
  ['http: {tls: {clientauth: require-any-client-cert}}\n', 'config.yml:3 refused-key http.tls.clientauth'],
  ['http: {tls: {letsencrypt: {hosts: [a]}}}\n', 'config.yml:3 refused-key http.tls.letsencrypt'],
  ['proxy: {remoteurl: "https://registry-1.docker.io"}\n', 'config.yml:3 refused-key proxy'],
  ['http: {prefix: /registry/}\n', 'config.yml:3 refused-key http.prefix'],
  ['http: {net: unix}\n', 'config.yml:3 refused-key http.net'],
  ['validation: {manifests: {urls: {deny: [a]}}}\n', 'config.yml:3 refused-key validation.manifests.urls'],
  ['middleware: {registry: [{name: a}]}\n', 'config.yml:3 refused-key middleware'],
  ['policy: {repository: {classes: [image]}}\n', 'config.yml:3 refused-key policy'],
])('what would open the registry or hide its images is refused: %p', (text, problem) => {
  expect(read(quiet + text)).toEqual({ settings: [], problems: [problem], warnings: [] })
})

test.each([
  ['REGISTRY_AUTH', 'htpasswd', 'auth'],
  ['REGISTRY_AUTH_HTPASSWD_PATH', '/x', 'auth'],
  ['REGISTRY_HTTP_TLS_CLIENTCAS_0', '/x', 'http.tls.clientcas'],
  ['REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS_0', 'a.example', 'http.tls.letsencrypt'],
  ['REGISTRY_PROXY_REMOTEURL', 'https://registry-1.docker.io', 'proxy'],
  ['REGISTRY_STORAGE', 's3', 'storage.s3'],
  ['REGISTRY_STORAGE', 'inmemory', 'storage.inmemory'],
  ['REGISTRY_STORAGE_AZURE_MAX_RETRIES', '1', 'storage.azure'],
  ['REGISTRY_STORAGE_MAINTENANCE_READONLY', '{"enabled":true}', 'storage.maintenance.readonly.enabled'],
  ['REGISTRY_STORAGE_DELETE_ENABLED', 'no', 'storage.delete.enabled'],
])('%s=%s is refused like the key in the file', (name, text, key) => {
  expect(read(undefined, { [name]: text })).toEqual({ settings: [], problems: [`${name} refused-key ${key}`], warnings: [] })
})

test('a section that is empty or off, and what Berth does anyway, is passed over', () => {
  const http = 'http:\n  tls:\n  net: tcp\n  relativeurls: true\n  http2: {disabled: true}\n'
  const text = `auth:\n${http}proxy: {remoteurl: ""}\nvalidation: {disabled: true}\n`
  expect(read(quiet + text)).toEqual({ settings: [], problems: [], warnings: [] })
  const variables = {
    REGISTRY_AUTH: 'none',
    REGISTRY_STORAGE: 'filesystem',
    REGISTRY_PROXY_REMOTEURL: '',
    REGISTRY_AUTH_NONE: '',
  }
  expect(read(undefined, variables)).toEqual({ settings: [], problems: [], warnings: [] })
})

test('what has no meaning here warns once a section; deletes warn where they are not given', () => {
  const text =
    'version: 0.1\nhealth:\n  storagedriver:\n    enabled: true\n    interval: 10s\nredis: {addrs: [a]}\nhttp: {secret: hunter2}\n'
  const { settings, problems, warnings } = read(text)
  expect([settings, problems]).toEqual([[], []])
  expect(warnings).toEqual([
    'config.yml:1 absent-key storage.delete.enabled',
    'config.yml:6 ignored-key redis',
    'config.yml:7 ignored-key http.secret',
    'config.yml:4 ignored-key health',
  ])
  expect(JSON.stringify(distributionLayer(yaml(text), new Map()).warnings)).not.toContain('hunter2')
})

test('anything else is a mistake, with the nearest known key', () => {
  expect(read(`${quiet}http:\n  adr: :5000\nauht: {htpasswd: {path: a}}\nlog: loud\n`).problems).toEqual([
    'config.yml:4 unknown-key "http.adr"',
    'config.yml:5 unknown-key "auht.htpasswd.path"',
    'config.yml:6 not-a-group log',
  ])
  expect(read(`${quiet}http: &x {draintimeout: soon}\nlog: *x\nloglevel: loud\n`).problems).toEqual([
    'config.yml:4 not-a-value "log"',
    'config.yml:3 not-distributions http.draintimeout',
    'config.yml:5 not-distributions loglevel',
  ])
  expect(read('version: [\n').problems).not.toEqual([])
})

test("a variable that is none of distribution's is a mistake where it looks like one of them", () => {
  const mistyped = { REGISTRY_HTTP_ADR: 'a', REGISTRY_AUHT_HTPASSWD_PATH: '/x', REGISTRY_LOGLEVL: 'info' }
  const variables = { ...mistyped, REGISTRY_HTTP_X: 'a', REGISTRY_HTTP_HEADERS: '[' }
  expect(read(undefined, variables).problems).toEqual([
    'REGISTRY_HTTP_HEADERS not-yaml',
    'REGISTRY_AUHT_HTPASSWD_PATH unknown-variable REGISTRY_AUTH',
    'REGISTRY_HTTP_ADR unknown-variable REGISTRY_HTTP_ADDR',
    'REGISTRY_HTTP_X unknown-variable',
    'REGISTRY_LOGLEVL unknown-variable REGISTRY_LOGLEVEL',
  ])
  const others = {
    REGISTRY_URL: 'a',
    REGISTRY_TAG: 'a',
    REGISTRY_TAG_NAME: 'a',
    REGISTRY_PASSWORD: 'hunter2',
    REGISTRY_USER: 'a',
  }
  expect(read(undefined, others)).toEqual({
    settings: [],
    problems: [],
    warnings: ['REGISTRY_PASSWORD', 'REGISTRY_TAG', 'REGISTRY_TAG_NAME', 'REGISTRY_URL', 'REGISTRY_USER'].map(
      (name) => `${name} foreign-variable`,
    ),
  })
})

test('the table names each key once, sets only keys that there are, and says everything in both languages', () => {
  expect(new Set(distributionKeys.map(({ path }) => path)).size).toBe(distributionKeys.length)
  for (const key of distributionKeys) {
    expect(key.text.zh, key.path).toMatch(/\p{Script=Han}|`/u)
    expect(key.text.en, key.path).not.toMatch(/\p{Script=Han}/u)
    if (key.fate === 'sets') expect(keys.map(({ path }) => path)).toContain(key.sets)
    expect(variableOf(key.path)).toMatch(/^REGISTRY_[A-Z0-9_]+$/)
  }
})

test('the certificate of distribution is shown, and its oldest version of TLS taken up to what is safe', () => {
  const tls = 'http:\n  tls:\n    certificate: /x\n    key: /y\n    minimumtls: tls1.3\n    ciphersuites: [TLS_AES_128_GCM_SHA256]\n'
  expect(read(quiet + tls)).toEqual({
    settings: ['tls.certificate=/x config.yml:5', 'tls.key=/y config.yml:6', 'tls.minimum=1.3 config.yml:7'],
    problems: [],
    warnings: ['config.yml:8 ignored-key http.tls.ciphersuites'],
  })
  expect(read(undefined, { REGISTRY_HTTP_TLS_MINIMUMTLS: 'tls1.0' }).settings).toEqual(['tls.minimum=1.2 REGISTRY_HTTP_TLS_MINIMUMTLS'])
  const problems = ['REGISTRY_HTTP_TLS_MINIMUMTLS not-distributions http.tls.minimumtls']
  expect(read(undefined, { REGISTRY_HTTP_TLS_MINIMUMTLS: 'ssl3' }).problems).toEqual(problems)
})
