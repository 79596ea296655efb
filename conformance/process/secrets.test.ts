import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { forEachDatabase } from '../for-each-server.ts'
import { berth, cleanEnvironment, startServer, type Server } from '../server.ts'
import { temporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { childrenOf, createCanaries, rawAnswer, rowsOf, textsOf } from './canaries.ts'

setDefaultTimeout(120_000)

/** The attacker: whoever reads logs, metrics, backups or the database, and looks for something to log in with (bar S53). */
forEachDatabase('secrets', (kind) => {
  const canaries = createCanaries()
  const admin = canaries.make('the password of the first administrator')
  let folder: TemporaryFolder
  let server: Server
  let database: Awaited<ReturnType<typeof kind.create>>
  let env: Record<string, string>
  beforeAll(async () => {
    folder = temporaryFolder()
    database = await kind.create()
    env = { ...database.env, BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: admin, BERTH_LOG_LEVEL: 'trace', BERTH_OPS_LISTEN: '127.0.0.1:0' }
    server = await startServer({ env, data: join(folder.path, 'data'), flags: ['--workers', '2'] })
  })
  afterAll(async () => {
    await database.drop()
    folder.remove()
  })

  const basic = (user: string, secret: string) => ({ authorization: `Basic ${btoa(`${user}:${secret}`)}` })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const json = { 'content-type': 'application/json' }

  /** What refuses is kept, to be looked through; what succeeds shows a secret once where it makes one. */
  async function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    const answer = await fetch(new URL(path, server.url), { method, headers, ...(body === undefined ? {} : { body }) })
    const text = await answer.text()
    canaries.said(`the headers of ${method} ${path.split('?')[0]}`, JSON.stringify([...answer.headers]))
    if (!answer.ok) canaries.said(`the refusal ${answer.status} of ${method} ${path.split('?')[0]}`, text)
    return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, string> }
  }
  const api = (method: string, path: string, body: object, headers = basic('admin', admin)) => send(method, `/api/v1${path}`, { ...headers, ...json }, JSON.stringify(body))

  /** Types a command that ends with one of these codes. What it prints is for whoever types it, and is looked through as well. */
  async function type(line: string, codes: readonly number[], input = ''): Promise<string> {
    const child = Bun.spawn([berth, ...line.split(' ')], {
      cwd: folder.path,
      env: cleanEnvironment({ XDG_CONFIG_HOME: join(folder.path, 'cli'), ...(/^backup|^config/.test(line) ? env : {}) }),
      stdio: [new Blob([input]), 'pipe', 'pipe'],
    })
    const shown = readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    canaries.said(`the arguments of berth ${line}`, shown)
    canaries.said(`what berth ${line} wrote to stderr`, err)
    expect([line, codes.includes(code), err]).toEqual([line, true, err])
    return out
  }

  const made = { robot: '', rotated: '', personal: '', key: '', refresh: '', bearer: '' }

  test('of every kind are made and used', async () => {
    const [first, own] = [canaries.make('a first password'), canaries.make('a chosen password')]
    expect((await api('POST', '/accounts', { name: 'alice', password: first })).status).toBe(201)
    expect((await api('PUT', '/whoami/password', { current: first, password: own }, basic('alice', first))).status).toBe(204)
    expect((await api('POST', '/projects', { name: 'team' })).status).toBe(201)
    expect((await api('POST', '/projects/team/grants', { subject: { kind: 'account', name: 'alice' }, role: 'developer' })).status).toBe(201)
    const rights = [{ project: 'team', permissions: ['content.pull', 'content.push'] }]
    const robot = await api('POST', '/projects/team/robots', { name: 'ci', rights })
    made.robot = canaries.add('the secret of a robot', robot.json['secret'] ?? '')
    const rotated = await api('POST', '/projects/team/robots/ci/rotate', { overlap: 3600 })
    made.rotated = canaries.add('the next secret of a robot', rotated.json['secret'] ?? '')
    const [personal, key] = await Promise.all(['personal', 'key'].map((each) => api('POST', '/tokens', { name: each, kind: each }, basic('alice', own))))
    made.personal = canaries.add('a personal token', personal?.json['secret'] ?? '')
    made.key = canaries.add('an API key', key?.json['secret'] ?? '')
    const offline = await send('GET', '/token?service=&offline_token=true&client_id=x&scope=repository:team/app:pull,push', basic('alice', own))
    made.refresh = canaries.add('a refresh token', offline.json['refresh_token'] ?? '')
    const again = await send('POST', '/token', form, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: made.refresh, service: '', client_id: 'x' }).toString())
    made.bearer = again.json['token'] ?? ''
    canaries.add('the signature of a bearer token', made.bearer.split('.')[2] ?? '')
    for (const secret of Object.values(made)) expect(secret.length).toBeGreaterThan(40)
    const logins = [basic('team+robot$ci', made.robot), basic('team+robot$ci', made.rotated), basic('alice', made.personal), basic('alice', made.key), { authorization: `Bearer ${made.bearer}` }]
    for (const headers of logins) expect((await send('GET', '/v2/', headers)).status).toBe(200)
  })

  test('are sent to where they do not belong', async () => {
    const wrong = (what: string) => canaries.make(what)
    const weak = canaries.add('a password that is refused', 'Berth12345-weak'.replace('-weak', ''))
    const refused: Promise<{ status: number }>[] = [
      send('GET', '/v2/', basic('alice', wrong('a wrong password'))),
      send('GET', '/v2/', basic(wrong('a password for a user name'), 'x')),
      send('GET', '/v2/', basic('nobody', wrong('a password of nobody'))),
      send('GET', '/v2/', { authorization: `Basic ${wrong('a password that is not in base64')}` }),
      send('GET', '/v2/', { authorization: `Bearer ${wrong('a password as a token')}` }),
      send('GET', '/v2/', { authorization: wrong('a password without a scheme') }),
      send('GET', '/v2/', { authorization: `Bearer ${made.robot}` }),
      send('GET', '/v2/', { authorization: `Bearer ${made.bearer.slice(0, -2)}` }),
      send('GET', '/v2/', { 'x-api-key': wrong('a key in a header'), cookie: `session=${wrong('a key in a cookie')}`, 'proxy-authorization': basic('alice', wrong('a password for a proxy')).authorization }),
      send('GET', `/v2/team/app/tags/list?token=${encodeURIComponent(wrong('a token in an address'))}`),
      send('GET', `/api/v1/projects?password=${encodeURIComponent(wrong('a password in an address of the API'))}`, basic('admin', admin)),
      send('GET', `/token?username=alice&password=${encodeURIComponent(wrong('a password in an address of the token service'))}&scope=x`, basic('alice', 'x')),
      send('POST', '/token', form, new URLSearchParams({ grant_type: 'password', username: 'alice', password: wrong('a wrong password in a form') }).toString()),
      send('POST', '/token', form, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: wrong('a wrong refresh token') }).toString()),
      send('POST', '/token', json, JSON.stringify({ password: wrong('a password in a form that is JSON') })),
      send('POST', '/token', form, `grant_type=${encodeURIComponent(wrong('a password for a grant type'))}`),
      api('POST', '/accounts', { name: 'bob', password: weak }),
      api('POST', '/accounts', { name: 'bob', pasword: wrong('a password in a mistyped member') }),
      api('POST', '/accounts', { name: wrong('a password for a name') }),
      send('POST', '/api/v1/accounts', { ...basic('admin', admin), ...json }, `{"name":"bob","password":"${wrong('a password in broken JSON')}"`),
      send('POST', '/api/v1/accounts', basic('admin', admin), wrong('a password in a body that is no JSON')),
      api('PUT', '/whoami/password', { current: wrong('a wrong current password'), password: wrong('a new password beside it') }, basic('alice', made.personal)),
      api('PUT', '/whoami/password', { current: wrong('a wrong current one'), password: wrong('a new one beside it') }),
      api('POST', '/account-imports', { htpasswd: `bob:${wrong('a plain password in htpasswd')}` }),
    ]
    for (const { status } of await Promise.all(refused)) expect(status).toBeWithin(200, 500)
    const userinfo = `http://alice:${encodeURIComponent(wrong('a password in the userinfo of a target'))}@127.0.0.1/v2/`
    canaries.said('the answer to a target with userinfo', await rawAnswer(server.url, `GET ${userinfo} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
    canaries.said('the answer to a broken head', await rawAnswer(server.url, `GET /v2/ HTTP/1.1\r\nhost: x\r\nauthorization Basic ${btoa(`alice:${wrong('a password in a broken head')}`)}\r\n\r\n`))
  })

  test('are given to the command line', async () => {
    await type(`login ${server.url} -u admin --password-stdin`, [0], admin)
    await type(`login ${server.url} -u alice --password-stdin`, [4], canaries.make('a wrong password that is typed'))
    await type('user create carol --password-stdin', [0], canaries.make('a password that is typed'))
    await type('project get nothing', [3])
    const kept = join(folder.path, 'cli', 'berth', 'logins.json')
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    canaries.said('what berth config print says', await type('config print', [0]))
    canaries.said('the processes beside the server', childrenOf(server.pid).join('\n'))
    canaries.said('the arguments of the server', readFileSync(`/proc/${server.pid}/cmdline`, 'latin1'))
  })

  describe('and then', () => {
    const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

    test('none of them is in a log, a metric, a profile, an answer that refuses, a backup or a row; their hashes are', async () => {
      const ops = /(http:\/\/\S+)\/metrics\n/.exec(server.output())?.[1] ?? ''
      const metrics = await (await fetch(`${ops}/metrics`)).text()
      expect(metrics).toContain('code="401"')
      canaries.said('the metrics', metrics)
      const profile = fetch(`${ops}/debug/profile?seconds=1`)
      await api('GET', '/whoami', {}).catch(() => undefined)
      await send('GET', '/v2/', basic('alice', canaries.make('a password while a profile is taken')))
      canaries.said('a profile', await (await profile).text())
      await type(`backup --to ${join(folder.path, 'backup')} --data ${server.data}`, [0])
      expect(await server.stop()).toBe(0)
      expect(server.output()).toContain('"path":"/token"')
      canaries.said('the output and the log', server.output())

      const files = [...textsOf(server.data), ...textsOf(join(folder.path, 'backup'))]
      const rows = database.env['BERTH_DATABASE_URL'] === undefined ? [] : await rowsOf(database.env['BERTH_DATABASE_URL'])
      for (const [name, text] of [...files, ...rows]) canaries.said(name, text)
      expect(files.length).toBeGreaterThan(5)
      // The search finds what is there.
      const everything = [...files, ...rows].map(([, text]) => text)
      for (const secret of [made.robot, made.rotated, made.personal, made.key, made.refresh]) {
        expect(everything.filter((text) => text.includes(hash(secret))).length).toBeGreaterThan(0)
      }
      expect(canaries.count).toBeGreaterThan(35)
      expect(canaries.hits()).toEqual([])
    })

    test('what tokens are signed with is in the database alone: in no backup, no log, no segment', async () => {
      const files = [...textsOf(server.data), ...textsOf(join(folder.path, 'backup'))]
      const rows = database.env['BERTH_DATABASE_URL'] === undefined ? [] : await rowsOf(database.env['BERTH_DATABASE_URL'])
      // PKCS 8 of an Ed25519 key begins so in base64.
      const key = /MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/]{43}=?/
      const holding = [...files, ...rows].filter(([, text]) => key.test(text)).map(([name]) => name)
      expect(holding.length).toBeGreaterThan(0)
      expect(holding.filter((name) => !/^\/berth\.db|^signing_key$/.test(name))).toEqual([])
      expect(key.test(server.output())).toBe(false)
    })
  })
})

test('a first password that was generated is said once, kept in its file alone, and gone when it is changed', async () => {
  const server = await startServer({ env: { BERTH_OPEN: 'false', BERTH_LOG_LEVEL: 'trace' } })
  const file = join(server.data, 'initial-admin-password')
  const password = readFileSync(file, 'utf8').trim()
  try {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const headers = { authorization: `Basic ${btoa(`admin:${password}`)}` }
    expect((await fetch(`${server.url}/v2/`, { headers })).status).toBe(200)
    expect(server.output().split(password)).toHaveLength(2)
    expect(server.output().split('\n').some((line) => line.startsWith('{') && line.includes(password))).toBe(false)
    const holding = (): string[] => textsOf(server.data).filter(([, text]) => text.includes(password)).map(([name]) => name)
    expect(holding()).toEqual(['/initial-admin-password'])
    const body = JSON.stringify({ current: password, password: 'plum-Canoe 77 riddle' })
    const changed = await fetch(`${server.url}/api/v1/whoami/password`, { method: 'PUT', headers: { ...headers, 'content-type': 'application/json' }, body })
    expect(changed.status).toBe(204)
    expect(holding()).toEqual([])
  } finally {
    expect(await server.stop()).toBe(0)
  }
})

test('the password in the address of a database that cannot be reached is not said', async () => {
  const password = `canary${crypto.randomUUID()}`
  const started = startServer({ env: { BERTH_DATABASE_URL: `postgres://berth:${password}@127.0.0.1:1/berth`, BERTH_LOG_LEVEL: 'trace' } })
  const said = await started.then(
    () => 'it started',
    (error: unknown) => String(error),
  )
  expect(said).toContain('127.0.0.1')
  expect(said).not.toContain(password)
})
