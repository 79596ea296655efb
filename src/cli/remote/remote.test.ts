import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram, type ProgramDeps } from '../program.ts'

let folder: string
let out = ''
let err = ''

/** What was sent to the server, and what it answers. */
interface Asked {
  readonly method: string
  readonly path: string
  readonly user: string
  readonly body: unknown
}
const asked: Asked[] = []
let answers: (asked: Asked) => Response = () => new Response(null, { status: 500 })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-remote-'))
  asked.length = 0
  trusted = []
  typed = undefined
})
afterEach(() => rmSync(folder, { recursive: true }))

let trusted: (string | undefined)[] = []
/** What is typed where somebody sits at a terminal. */
let typed: string | undefined

async function send(url: string, { method = '', headers, body }: RequestInit, ca?: string): Promise<Response> {
  trusted.push(ca)
  const given = headers as Readonly<Record<string, string>>
  const user = Buffer.from(given['authorization']?.slice('Basic '.length) ?? '', 'base64').toString()
  const { pathname, search } = new URL(url)
  const one = { method, path: pathname + search, user, body: typeof body === 'string' ? (JSON.parse(body) as unknown) : undefined }
  asked.push(one)
  return await Promise.resolve(answers(one))
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })
const problem = (status: number, code: string, detail: string, errors?: unknown) => json({ type: 'about:blank', title: 'x', status, code, detail, errors }, status)
const me = (mustChange = false) => json({ kind: 'account', name: 'alice', credential: 'password', mustChange, narrowed: false, groups: [] })

/** @param input what is piped in, or the lines that are typed when it is asked for them */
async function berth(argv: readonly string[], input: string | readonly string[] = ''): Promise<number> {
  out = err = ''
  const lines = typeof input === 'string' ? [] : [...input]
  const ask = (question: string) => {
    out += question
    return lines.shift() ?? ''
  }
  const deps = {
    version: '1.2.3',
    environment: { variables: new Map(), language: 'en' },
    cwd: folder,
    userFolder: folder,
    print: (text: string) => void (out += text),
    printError: (text: string) => void (err += text),
    input: {
      isTerminal: typed !== undefined || typeof input !== 'string',
      readAll: async () => await Promise.resolve(input),
      readHidden: async (...questions: string[]) => await Promise.resolve(questions.map(ask)),
      readLine: async (question: string) => {
        out += question
        return await Promise.resolve(typed ?? '')
      },
    },
    caFile: undefined,
    send,
  } as unknown as ProgramDeps
  return await createProgram(deps).run(argv)
}

const logIn = async () => await berth(['login', 'registry.example', '-u', 'alice', '--password-stdin'], 'secret words\n')

test('login keeps what the server accepted, where nobody else reads it, and logout forgets it', async () => {
  answers = () => me()
  expect(await logIn()).toBe(0)
  expect(out).toBe('Logged in to https://registry.example as alice.\n')
  expect(asked).toEqual([{ method: 'GET', path: '/api/v1/whoami', user: 'alice:secret words', body: undefined }])
  const file = join(folder, 'berth/logins.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'berth')).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(folder, 'berth'))).toEqual(['logins.json'])
  expect(await berth(['whoami', '-o', 'json'])).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ name: 'alice' })
  expect(await berth(['logout'])).toBe(0)
  expect(readFileSync(file, 'utf8')).not.toContain('secret words')
  expect(await berth(['whoami'])).toBe(2)
})

test('login that is refused keeps nothing and ends with 4', async () => {
  answers = () => problem(401, 'unauthorized', 'the user name or the password is not right')
  expect(await logIn()).toBe(4)
  expect(err).toContain('does not let alice in: the user name or the password is not right')
  expect(readdirSync(folder)).toEqual([])
  expect(await berth(['login', 'registry.example', '-u', 'alice'])).toBe(2)
  expect(await berth(['login', 'https://registry.example/path', '-u', 'alice', '--password-stdin'], 'x')).toBe(2)
})

test('a file of logins that is none is not overwritten', async () => {
  answers = () => me()
  await logIn()
  writeFileSync(join(folder, 'berth/logins.json'), '[]')
  expect(await logIn()).toBe(1)
  expect(err).toContain('logins.json')
  expect(readFileSync(join(folder, 'berth/logins.json'), 'utf8')).toBe('[]')
})

test('a new password takes the place of the old one', async () => {
  answers = () => me(true)
  await logIn()
  expect(out).toContain('Choose a new password')
  answers = () => new Response(null, { status: 204 })
  expect(await berth(['password', '--password-stdin'], 'better words')).toBe(0)
  expect(asked.at(-1)?.body).toEqual({ current: 'secret words', password: 'better words' })
  answers = () => me()
  await berth(['whoami'])
  expect(asked.at(-1)?.user).toBe('alice:better words')
})

test('a new password is typed twice, and one for somebody else once', async () => {
  answers = () => me()
  expect(await berth(['login', 'registry.example', '-u', 'alice'], ['secret words'])).toBe(0)
  answers = () => json({})
  expect(await berth(['password'], ['better words', 'bitter words'])).toBe(2)
  expect(err).toContain('not the same')
  expect(await berth(['password'], ['better words', 'better words'])).toBe(0)
  expect(await berth(['user', 'create', 'bob'], ['words for bob'])).toBe(0)
  expect(out).toContain('Password for bob')
  expect(asked.slice(1).map(({ path, body }) => [path, body])).toEqual([
    ['/api/v1/whoami/password', { current: 'secret words', password: 'better words' }],
    ['/api/v1/accounts', { name: 'bob', password: 'words for bob' }],
  ])
})

test('a password that nobody can be asked for is named, and nothing is sent', async () => {
  answers = () => me()
  await logIn()
  for (const line of ['user create bob', 'user password bob']) {
    expect(await berth(line.split(' '))).toBe(2)
    expect(err).toContain('--password-stdin')
  }
  expect(asked.length).toBe(1)
})

test('a list is read to its end and shown as a table', async () => {
  answers = () => me()
  await logIn()
  const project = (name: string) => ({ name, visibility: 'private', state: 'live', createdAt: '2026-01-01T00:00:00.000Z' })
  answers = ({ path }) => (path.includes('cursor=') ? json({ items: [project('web\u001b[2J')] }) : json({ items: [project('team')], next: 'abc' }))
  expect(await berth(['project', 'list'])).toBe(0)
  expect(asked.slice(1).map(({ path }) => path)).toEqual(['/api/v1/projects?limit=200', '/api/v1/projects?limit=200&cursor=abc'])
  expect(out.split('\n')).toEqual([
    'NAME     VISIBILITY  STATE  CREATED AT',
    'team     private     live   2026-01-01T00:00:00.000Z',
    'web?[2J  private     live   2026-01-01T00:00:00.000Z',
    '',
  ])
})

test.each([
  ['project create team --visibility public', 'POST /api/v1/projects', { name: 'team', visibility: 'public' }],
  ['project rename team crew', 'POST /api/v1/projects/team/rename', { name: 'crew' }],
  ['project archive team', 'PATCH /api/v1/projects/team', { state: 'frozen' }],
  ['project delete team --force', 'DELETE /api/v1/projects/team?force=true', undefined],
  ['user disable bob', 'PUT /api/v1/accounts/bob/state', { state: 'disabled' }],
  ['user create bob --password-stdin', 'POST /api/v1/accounts', { name: 'bob', password: 'typed' }],
  ['group add dev bob', 'PUT /api/v1/groups/dev/members/bob', undefined],
  ['grant add group:dev developer --project team --pattern web/*', 'POST /api/v1/projects/team/grants', { subject: { kind: 'group', name: 'dev' }, role: 'developer', pattern: 'web/*' }],
  ['grant add team+robot$ci guest', 'POST /api/v1/grants', { subject: { kind: 'robot', name: 'team+robot$ci' }, role: 'guest' }],
  ['grant remove 7 --project team', 'DELETE /api/v1/projects/team/grants/7', undefined],
  ['robot create ci --project team --allow team/web/*=content.pull,content.push --expires 1d', 'POST /api/v1/projects/team/robots', { name: 'ci', expiresIn: 86_400, rights: [{ project: 'team', pattern: 'web/*', permissions: ['content.pull', 'content.push'] }] }],
  ['robot rotate ci --overlap 1h', 'POST /api/v1/robots/ci/rotate', { overlap: 3600 }],
  ['token create laptop --permission content.pull --permission content.push', 'POST /api/v1/tokens', { name: 'laptop', kind: 'personal', permissions: ['content.pull', 'content.push'] }],
  ['role create pusher --permission content.push', 'POST /api/v1/roles', { name: 'pusher', permissions: ['content.push'] }],
  ['tag-rule add team release-* --role maintainer', 'POST /api/v1/projects/team/tag-rules', { tags: 'release-*', roles: ['maintainer'] }],
  ['address-rule add team 10.0.0.0/8,192.0.2.7', 'POST /api/v1/projects/team/address-rules', { networks: ['10.0.0.0/8', '192.0.2.7'] }],
  ['access explain bob push team/web/app:1.4', 'GET /api/v1/projects/team/access?action=push&path=web%2Fapp&tag=1.4&who=bob', undefined],
  ['access explain me pull team', 'GET /api/v1/whoami/access/team?action=pull', undefined],
])('berth %s', async (line, request, body) => {
  answers = () => me()
  await logIn()
  answers = () => json({})
  expect(await berth(line.split(' '), 'typed\n')).toBe(0)
  const { method, path, body: sent } = asked.at(-1) ?? {}
  expect([`${method} ${path}`, sent]).toEqual([request, body])
})

test.each([
  [400, 2],
  [401, 4],
  [403, 4],
  [404, 3],
  [409, 5],
  [412, 5],
  [422, 2],
  [500, 1],
  [503, 7],
])('what the server refuses with %d ends with %d and says why', async (status, code) => {
  answers = () => me()
  await logIn()
  answers = () => problem(status, 'x', 'that is why', [{ at: '/name', message: 'is taken' }])
  expect(await berth(['project', 'get', 'team'])).toBe(code)
  expect(err).toContain('berth: that is why\n  /name: is taken\n')
})

test('a server that is none, or away, ends with 7', async () => {
  answers = () => me()
  await logIn()
  for (const answer of [() => new Response('<html>'), () => new Response('no', { status: 502 }), () => { throw new Error('connection refused') }]) {
    answers = answer
    expect(await berth(['project', 'get', 'team'])).toBe(7)
    expect(err).toContain('no answer from https://registry.example')
  }
})

test('what cannot be meant is refused before anything is sent', async () => {
  answers = () => me()
  await logIn()
  expect(await berth(['token', 'create', 'x', '--expires', 'soon'])).toBe(2)
  expect(await berth(['robot', 'create', 'x', '--allow', 'team'])).toBe(2)
  expect(await berth(['project', 'create', 'x', '--visibility', 'secret'])).toBe(2)
  expect(await berth(['project', 'list', '--server', 'no server'])).toBe(2)
  expect(await berth(['trash', 'restore', 'team/app'])).toBe(2)
  expect(err).toContain('team/app is no number in the trash')
  expect(await berth(['trash', 'list', 'team', '--kind', 'robot'])).toBe(2)
  expect(await berth(['repositories', 'delete', 'https://registry.example/team/app'])).toBe(2)
  expect(err).toContain('is no repository; write PROJECT/PATH')
  expect(asked).toHaveLength(1)
})

test('what is deleted is asked for at a terminal, unless --yes is said or nobody sits there', async () => {
  answers = () => me()
  await logIn()
  answers = () => new Response(null, { status: 204 })
  asked.length = 0
  for (const answer of ['', 'n', 'yesterday']) {
    typed = answer
    expect(await berth(['trash', 'purge', '7'])).toBe(1)
    expect([out, err]).toEqual(['`berth trash purge 7` cannot be undone. Go on? [y/N] ', 'berth: nothing was done\n'])
  }
  expect(asked).toEqual([])
  typed = 'y'
  for (const words of [['project', 'delete', 'team'], ['repositories', 'delete', 'team/app']]) {
    expect([words, await berth(words)]).toEqual([words, 0])
    expect(out).toContain('takes it away from everybody')
  }
  for (const words of [['trash', 'purge', '7'], ['user', 'delete', 'bob'], ['group', 'delete', 'dev'], ['robot', 'delete', 'ci'], ['role', 'delete', 'x'], ['token', 'delete', '1']]) {
    expect([words, await berth(words)]).toEqual([words, 0])
    expect(out).toContain('cannot be undone')
  }
  typed = ''
  expect(await berth(['user', 'delete', 'bob', '--yes'])).toBe(0)
  expect(out).toBe('')
  // What can be done again is not asked for.
  expect(await berth(['grant', 'remove', '1'])).toBe(0)
  typed = undefined
  expect(await berth(['user', 'delete', 'bob'])).toBe(0)
})

test('rules for addresses belong to a project, a user or a robot', async () => {
  answers = () => me()
  await logIn()
  answers = ({ method }) => (method === 'GET' ? json({ items: [] }) : method === 'POST' ? json({ id: '7' }, 201) : new Response(null, { status: 204 }))
  const owners = { team: '/projects/team', 'user:alice': '/accounts/alice', robot$ci: '/robots/ci', 'team+robot$ci': '/projects/team/robots/ci' }
  for (const [owner, path] of Object.entries(owners)) {
    asked.length = 0
    expect(await berth(['address-rule', 'add', owner, '10.0.0.0/8,192.0.2.7', '--permission', 'content.pull'])).toBe(0)
    expect(await berth(['address-rule', 'list', owner])).toBe(0)
    expect(await berth(['address-rule', 'remove', owner, '7'])).toBe(0)
    expect(asked.map((one) => `${one.method} ${one.path}`)).toEqual([
      `POST /api/v1${path}/address-rules`,
      `GET /api/v1${path}/address-rules?limit=200`,
      `DELETE /api/v1${path}/address-rules/7`,
    ])
    expect(asked[0]?.body).toEqual({ networks: ['10.0.0.0/8', '192.0.2.7'], permissions: ['content.pull'] })
  }
})

test('a file of htpasswd of any size is sent in parts, and every line is told of', async () => {
  answers = () => me()
  await logIn()
  const hash = `$2y$05$${'a'.repeat(53)}`
  const lines = Array.from({ length: 700 }, (_, at) => (at % 100 === 50 ? '# a comment' : `user${at}:${at === 600 ? 'plain' : hash}`))
  writeFileSync(join(folder, 'users'), `${lines.join('\n')}\n`)
  answers = ({ body }) => {
    const { htpasswd } = body as { htpasswd: string }
    expect(htpasswd.length).toBeLessThan(15 * 1024)
    const given = htpasswd.split('\n').map((line, at) => ({ line: at + 1, name: line.split(':')[0] ?? '', plain: line.endsWith(':plain') }))
    const users = given.filter(({ name }) => name.startsWith('user'))
    return json({ imported: users.filter(({ plain }) => !plain).map(({ name }) => name), skipped: users.filter(({ plain }) => plain).map(({ line }) => ({ line, reason: 'hash' })) })
  }
  asked.length = 0
  expect(await berth(['user', 'import', 'users', '-o', 'json'])).toBe(0)
  expect(asked.length).toBeGreaterThan(3)
  const results = JSON.parse(out) as { line: number; name: string; result: string }[]
  expect(results.length).toBe(693)
  expect(results.filter(({ result }) => result !== 'imported')).toEqual([{ line: 601, name: 'user600', result: 'hash' }])
  expect(results.every(({ line, name }) => name === `user${line - 1}`)).toBe(true)
  expect(await berth(['user', 'import', '-'], 'bob:plain\n')).toBe(0)
  expect(await berth(['user', 'import', 'nothing'])).toBe(2)
})

test('a server with a private CA is checked against the file that is named, which the login keeps', async () => {
  answers = () => me()
  const file = join(folder, 'ca.crt')
  const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
  writeFileSync(file, pem)
  expect(await berth(['login', 'registry.example', '-u', 'alice', '--password-stdin', '--ca-file', 'ca.crt'], 'secret')).toBe(0)
  expect(await berth(['whoami'])).toBe(0)
  expect(trusted).toEqual([pem, pem])
  writeFileSync(join(folder, 'other.crt'), `${pem}${pem}`)
  expect(await berth(['whoami', '--ca-file', 'other.crt'])).toBe(0)
  expect(trusted.at(-1)).toBe(`${pem}${pem}`)
  writeFileSync(file, 'something else')
  expect(await berth(['whoami'])).toBe(2)
  expect(err).toContain('holds no certificate')
  rmSync(file)
  expect(await berth(['whoami'])).toBe(2)
  expect(err).toContain('cannot read')
})
