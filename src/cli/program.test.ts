import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

const main = new URL('../main.ts', import.meta.url).pathname
let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'berth-cli-'))
})

afterEach(() => {
  rmSync(cwd, { recursive: true })
})

/** Runs the real program with nothing in its environment but `env`. */
function berth(argv: string[], env: Record<string, string> = {}) {
  const result = Bun.spawnSync([process.execPath, '--no-env-file', main, ...argv], { cwd, env, timeout: 20_000 })
  return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() }
}

test('--version and --help', () => {
  expect(berth(['--version'])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' })
  const help = berth(['serve', '--help'])
  expect([help.code, help.err]).toEqual([0, ''])
  for (const flag of ['--config <FILE>', '--listen <HOST:PORT>', '--data <DIR>', '--open', '--role <all|serve|work>', '(default: 127.0.0.1:5000)']) {
    expect(help.out).toContain(flag)
  }
  expect(berth(['serve', '--help'], { LANG: 'zh_CN.UTF-8' }).out).toContain('默认值：127.0.0.1:5000')
})

test('--role names what the process does, which SQLite leaves no choice in', () => {
  const elsewhere = { BERTH_DATABASE_URL: 'postgresql:///berth' }
  expect(berth(['config', 'check', '--role', 'work'], elsewhere)).toMatchObject({ code: 0, err: '' })
  expect(berth(['config', 'check', '--role', 'idle'], elsewhere).err).toContain('"idle" is not one of all, serve, work')
  const refused = berth(['serve', '--role', 'serve'])
  expect([refused.code, refused.out]).toEqual([2, ''])
  expect(refused.err).toStartWith('--role: role "serve" divides the work among processes, which needs PostgreSQL: set database.url, or leave role out')
})

test.each([[[]], [['config']]])('%p alone prints help and ends with 2', (argv) => {
  const { code, out, err } = berth(argv)
  expect([code, out]).toEqual([2, ''])
  expect(err).toStartWith('Usage: berth')
})

test.each([
  [['serve', '--lisen', 'x'], 'unknown flag --lisen; did you mean --listen?'],
  [['srve'], 'unknown command srve; did you mean serve?'],
  [['config', 'chek'], 'unknown command chek; did you mean check?'],
  [['serve', '--data'], '--data <DIR> needs a value'],
  [['bench'], 'URL is needed'],
  [['serve', 'now'], 'too many arguments for serve'],
])('%p is refused', (argv, words) => {
  expect(berth(argv)).toEqual({ code: 2, out: '', err: `berth: ${words}\nSee \`berth --help\`.\n` })
})

test('config check finds everything that is wrong and ends with 2', () => {
  writeFileSync(join(cwd, 'mine.yaml'), 'gc:\n  leese: 48h\nlog:\n  level: loud\n')
  const { code, out, err } = berth(['config', 'check', '--config', 'mine.yaml'], { BERTH_LISTN: 'x', BERTH_OPEN: 'maybe' })
  expect([code, out]).toEqual([2, ''])
  expect(err.split('\n')).toEqual([
    'BERTH_LISTN: no key of the configuration has this variable; did you mean BERTH_LISTEN?',
    'mine.yaml:2: unknown key "gc.leese"; did you mean gc.lease?',
    'BERTH_OPEN: open: "maybe" is not one of true, false',
    'mine.yaml:4: log.level: "loud" is not one of fatal, error, warn, info, debug, trace, silent',
    'Errors in the configuration: 4. Nothing was started or changed.',
    '',
  ])
})

test('config check says what a valid configuration was read from', () => {
  writeFileSync(join(cwd, 'berth.yaml'), 'gc:\n  lease: 48h\n  drain: 1m\n')
  const { code, out, err } = berth(['config', 'check', '--data', 'x'], { BERTH_LOG_LEVEL: 'warn' })
  expect([code, err]).toEqual([0, ''])
  expect(out.split('\n')).toEqual([
    'configuration is valid',
    '  keys from --data: 1',
    '  keys from berth.yaml: 2',
    '  keys from BERTH_LOG_LEVEL: 1',
    '  all other keys have their default',
    '',
  ])
  expect(berth(['config', 'check'], { LC_ALL: 'zh_CN.UTF-8' }).out).toStartWith('配置有效\n')
})

test('config print prints a configuration that reads back as the same one', () => {
  writeFileSync(join(cwd, 'berth.yaml'), 'gc:\n  lease: 48h\ndatabase:\n  url_file: url\n')
  writeFileSync(join(cwd, 'url'), 'postgres://u:hunter2@h/d\n')
  const first = berth(['config', 'print', '--open', '--listen', '0.0.0.0:0'], { BERTH_LOG_LEVEL: 'warn' })
  expect([first.code, first.err]).toEqual([0, ''])
  expect(first.out).toStartWith('listen: 0.0.0.0:0  # flag --listen\n')
  expect(first.out).toContain('database:\n  url_file: url  # berth.yaml:4\ngc:\n  lease: 48h  # berth.yaml:2\n')
  expect(first.out).toContain('  drain: 15m  # default\n')
  expect(first.out).toEndWith('log:\n  level: warn  # BERTH_LOG_LEVEL\n')
  expect(first.out).not.toContain('hunter2')
  writeFileSync(join(cwd, 'printed.yaml'), first.out)
  const second = berth(['config', 'print', '--config', 'printed.yaml'])
  const values = (text: string) => text.replaceAll(/ {2}#.*/g, '')
  expect(values(second.out)).toBe(values(first.out))
})

/** Starts the real server on a free port and waits until it has said where it serves. */
async function startBerth() {
  const argv = [process.execPath, '--no-env-file', main, 'serve', '--open', '--listen', '127.0.0.1:0']
  const child = Bun.spawn(argv, { cwd, env: {}, stdout: 'pipe', stderr: 'ignore' })
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value
    const url = /serving on (\S+)\n/.exec(text)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error(`the server ended with ${await child.exited}: ${text}`)
}

test('serve answers where it says, keeps a second server off its data, and stops in order on SIGTERM', async () => {
  const { child, url } = await startBerth()
  try {
    expect((await fetch(`${url}/v2/`)).status).toBe(200)
    const second = berth(['serve', '--listen', '127.0.0.1:0'])
    expect([second.code, second.out]).toEqual([1, ''])
    expect(second.err).toMatch(/^berth: the data directory \S+\/data is in use by another Berth server\. [^\n]+\n$/)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
}, 180_000)

test('serve says in one line that its port is in use', () => {
  const other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  try {
    const { code, out, err } = berth(['serve', '--listen', `127.0.0.1:${other.port}`])
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^berth: cannot listen on 127\.0\.0\.1:\d+: another program uses that port\. [^\n]+\n$/)
  } finally {
    void other.stop(true)
  }
})
