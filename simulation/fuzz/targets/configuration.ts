import { loadConfig, placeOf, printSettings, readEnvironment } from '../../../src/config/index.ts'
import {
  distributionLayer,
  fileLayer,
  isDistributionFile,
  type Layer,
  maskUrl,
  parseAddress,
  parseGoDuration,
  parseYaml,
} from '../../../src/config/parsers.testing.ts'
import { formatDuration, parseDuration, parseSize } from '../../../src/lib/index.ts'
import type { Target } from '../target.ts'
import { must, text } from './must.ts'

const read = (content: string) => parseYaml(content, (line) => ({ kind: 'file', path: 'f', line }))

/** Each mistake has a line of the file, and tells no more of the file than its words. */
function checkPlaces({ problems }: Pick<Layer, 'problems'>, content: string): void {
  const lines = content.split(/\r\n|\r|\n/).length
  for (const { source, values } of problems) {
    if (source.kind === 'file') must(source.line >= 1 && source.line <= lines, 'a mistake has no place', source.line, lines)
    must(
      Object.values(values).every((value) => value.length < 700),
      'a mistake tells too much',
      values,
    )
  }
}

const settingsOf = ({ settings }: Layer) =>
  JSON.stringify([...settings].map(([path, setting]) => [path, setting.text, setting.file]))

/** What the sections that guard a registry hold, by another parser of YAML; undefined where that one refuses the text. */
function guards(content: string): { readonly auth: unknown; readonly tls: unknown; readonly remote: unknown } | undefined {
  try {
    const { auth, http, proxy } = Bun.YAML.parse(content) as Record<string, Record<string, unknown> | null | undefined>
    return { auth, tls: http?.['tls'], remote: proxy?.['remoteurl'] }
  } catch {
    return undefined
  }
}

/** A variable that keeps people out and has no meaning here, and none of those that Kubernetes sets. */
function guardsRegistry([name, value]: [string, string]): boolean {
  if (/_SERVICE_|_PORT/.test(name)) return false
  return (
    /^REGISTRY_AUTH_(?!NONE)./.test(name) ||
    (/^REGISTRY_HTTP_TLS_(?!CERTIFICATE$|KEY$|MINIMUMTLS$|CIPHERSUITES)./.test(name) && holdsSomething(value))
  )
}

function holdsSomething(value: string | undefined): boolean {
  return value !== undefined && /\w/.test(value) && !/^\W*(null|~)\W*$/i.test(value)
}

/** Whether all that distribution's `http.tls` asks for is done: a certificate is used, and nobody else is asked for one. */
function isTlsTaken(tls: unknown, { settings }: Layer): boolean {
  if (typeof tls !== 'object' || tls === null) return isHollow(tls)
  const { certificate, key, minimumtls: _minimum, ciphersuites: _suites, ...others } = tls as Record<string, unknown>
  if (!isHollow(certificate) && !settings.has('tls.certificate')) return false
  return isHollow(others) && (isHollow(key) || settings.has('tls.key'))
}

/** Nothing, or nothing in it at any depth. */
function isHollow(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.values(value).every(isHollow)
}

const quiet = 'version: 0.1\nstorage:\n  delete:\n    enabled: true\n'

export const configuration: readonly Target[] = [
  {
    name: 'berth-yaml',
    seeds: [
      'listen: 127.0.0.1:5000\ndata: /var/lib/berth\ngc:\n  lease: 48h\n',
      'gc.lease: 1h\n',
      'database:\n  url_file: /run/url\n',
      '{log: {level: warn}}',
      'a: &x b\nc: *x\n',
      '---\n...\n',
      'open: !!bool true',
      '? a\n: b\n',
      'data: |\n  a\n  b\n',
      'data: "\\x41\\u0042"',
      '<<: {open: true}',
      'gc: [1]',
      '\ufeffopen: true\n',
      '- a',
    ],
    words: [': ', '- ', '&a ', '*a', '!!str ', '|\n', '>-\n', '"', "'", '# ', '---\n', '<<: ', '? '],
    run(input) {
      const content = text(input)
      const layer = fileLayer('f', read(content))
      checkPlaces(layer, content)
      if (layer.problems.length > 0) return
      const lines = [...layer.settings].map(
        ([path, { text: value, file }]) => `${JSON.stringify(path + (file ? '_file' : ''))}: ${JSON.stringify(value)}\n`,
      )
      const again = fileLayer('f', read(lines.join('')))
      must(
        settingsOf(again) === settingsOf(layer) && again.problems.length === 0,
        'a configuration does not come back',
        content,
        settingsOf(layer),
      )
    },
  },
  {
    name: 'config-yml',
    seeds: [
      `${quiet}http:\n  addr: :5000\n  draintimeout: 60s\n`,
      `${quiet}auth:\n  htpasswd:\n    realm: a\n    path: /x\n`,
      `${quiet}auth: silly\n`,
      `${quiet}auth: {none: }\n`,
      `${quiet}http: {tls: {certificate: /x, key: /y}}\n`,
      `${quiet}proxy: {remoteurl: "https://a.example"}\n`,
      `${quiet}log: {level: debug, fields: {a: b}}\n`,
      'version: 0.2\n',
      'version: 0.1\nstorage: filesystem\n',
      `${quiet}http: {tls: {letsencrypt: {hosts: [a, b]}}}\n`,
      'version: 0.1\nstorage: {s3: {bucket: a}, redirect: {disable: true}}\n',
    ],
    words: [
      'auth',
      'htpasswd',
      'token',
      'tls:',
      'proxy:',
      'remoteurl:',
      'none',
      'null',
      '~',
      '""',
      ': ',
      '\n  ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '<<: ',
      '!!null ',
    ],
    run(input) {
      const content = text(input)
      const file = read(content)
      if (!isDistributionFile(file)) return
      const layer = distributionLayer(file, new Map())
      checkPlaces(layer, content)
      const guarded = layer.problems.length > 0 ? undefined : guards(content)
      if (guarded === undefined) return
      const none =
        guarded.auth === 'none' || (typeof guarded.auth === 'object' && Object.keys(guarded.auth ?? {}).join() === 'none')
      must(
        none || (isHollow(guarded.auth) && Object.keys(guarded.auth ?? {}).length === 0),
        'a section auth is passed over',
        content,
        guarded.auth,
      )
      must(isTlsTaken(guarded.tls, layer), 'a section tls is passed over', content, guarded.tls)
      must(isHollow(guarded.remote), 'a proxy is passed over', content, guarded.remote)
    },
  },
  {
    name: 'environment',
    seeds: [
      'BERTH_LISTEN=127.0.0.1:0',
      'REGISTRY_HTTP_ADDR=:5000\nBERTH_OPEN=true',
      'REGISTRY_STORAGE=filesystem\nREGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x',
      'REGISTRY_AUTH=htpasswd',
      'REGISTRY_AUTH_HTPASSWD_PATH=/x',
      'REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS_0=a',
      'REGISTRY_STORAGE_DELETE={"enabled": true}',
      'BERTH_DATABASE_URL=postgres://u:hunter2@h/d',
      'REGISTRY_PORT=tcp://10.0.0.1:5000',
      'REGISTRY_URL=a',
      'BERTH_GC_LEASE=1h\nBERTH_LOG_LEVEL=warn',
      'REGISTRY_LOGLEVEL=Debug',
    ],
    words: ['BERTH_', 'REGISTRY_', '_FILE', 'AUTH', 'AUTH_TOKEN_REALM=', 'HTTP_TLS_KEY=', '=', '\n'],
    run(input) {
      const variables: Record<string, string> = {}
      for (const line of text(input).split('\n')) {
        const [name = '', ...rest] = line.split('=')
        // BERTH_CONFIG and secrets' files would be read from the disk.
        if (!/CONFIG|_FILE$/.test(name) && rest.length > 0) variables[name] = rest.join('=').replaceAll('\0', '')
      }
      const loaded = loadConfig({ flags: new Map(), environment: readEnvironment(variables), cwd: '/nonexistent/berth' })
      if (!loaded.ok) return
      must(!Object.entries(variables).some(guardsRegistry), 'a variable that closes the registry is passed over', variables)
      const tls = holdsSomething(variables['REGISTRY_HTTP_TLS_CERTIFICATE'])
      must(!tls || loaded.settings.some(({ key }) => key.path === 'tls.certificate'), 'a certificate is passed over', variables)
      const printed = printSettings(loaded.settings, ({ source }) => placeOf(source) ?? 'default')
      const again = fileLayer('f', read(printed))
      must(again.problems.length === 0, 'what is printed is no configuration', variables, again.problems)
      for (const { key, text: value } of loaded.settings) {
        if (key.docs.secret !== true)
          must(again.settings.get(key.path)?.text === value, 'what is printed is another configuration', key.path, value)
      }
    },
  },
  {
    name: 'values',
    seeds: [
      '127.0.0.1:5000',
      '[::1]:0',
      'localhost:1',
      ':5000',
      '24h',
      '1h30m',
      '1.5s',
      '500ms',
      '8MiB',
      '4MB',
      'postgres://u:hunter2@h:5432/d?password=x&sslmode=require',
      '99999999999999999d',
      '0x7f.1:1',
      '[::ffff:1.2.3.4]:1',
    ],
    words: ['ns', 'us', 'µs', 'ms', 'KiB', 'GiB', '[::', ']:', 'postgres://', '@', '?password=', 'sslkey='],
    run(input) {
      const given = text(input)
      const duration = attempt(() => parseDuration(given))
      if (duration !== undefined)
        must(parseDuration(formatDuration(duration)) === duration, 'a duration does not come back', given)
      const size = attempt(() => parseSize(given))
      must(size === undefined || (Number.isSafeInteger(size) && size >= 0), 'a size is no number of bytes', given, size)
      const go = parseGoDuration(given)
      must(go === undefined || (Number.isSafeInteger(go) && go >= 0), 'a duration of Go is no time', given, go)
      const address = parseAddress(given)
      if (address !== undefined)
        must(URL.canParse(`http://${given}/`) && address.port <= 65_535, 'an address is none for a URL', given, address)
      const masked = maskUrl(given)
      if (URL.canParse(masked)) must(['', '***'].includes(new URL(masked).password), 'a password is shown', given, masked)
    },
  },
]

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    must(error instanceof Error && error.message.length < 1_200, 'a refusal is no sentence', String(error))
    return undefined
  }
}
