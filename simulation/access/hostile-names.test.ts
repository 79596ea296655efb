import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { pushTagged } from './v2-cases.ts'
import { type Ask, World } from './world.ts'

setDefaultTimeout(120_000)

/** The attacker: somebody who wants a name to be taken for that of somebody else, or for one of the system's own. */
let world: World
let project: string
let tag: string
beforeAll(async () => {
  world = await World.create()
  project = await world.project('private', 'team')
  tag = (await pushTagged(world, `${project}/app`)).tag
})
afterAll(() => world.dispose())

const looksLike: Readonly<Record<string, (name: string) => string>> = {
  'a Cyrillic letter': (name) => name.replace('a', 'а').replace('e', 'е'),
  'a Greek letter': (name) => name.replace('a', 'α').replace('e', 'ε'),
  'wide letters': (name) => name.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
  'mathematical letters': (name) => name.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) - 0x61 + 0x1d41a)),
  'a capital': (name) => name.toUpperCase(),
  'a combining accent': (name) => `${name}\u0301`,
  'an accented letter': (name) => `${name}é`,
  'a joiner that nobody sees': (name) => `${name}\u200d`,
  'a space that nobody sees': (name) => `${name.slice(0, 1)}\u200b${name.slice(1)}`,
  'a soft hyphen': (name) => `${name.slice(0, 1)}\u00ad${name.slice(1)}`,
  'letters from right to left': (name) => `\u202e${[...name].reverse().join('')}`,
  'a byte order mark': (name) => `\ufeff${name}`,
  'a variation selector': (name) => `${name}\ufe0f`,
  'a space behind it': (name) => `${name} `,
  'a space before it': (name) => ` ${name}`,
  'a tab': (name) => `${name}\t`,
  'a line end': (name) => `${name}\n`,
  'a zero byte': (name) => `${name}\0x`,
  'a dot behind it': (name) => `${name}.`,
  'a wide dot': (name) => `${name}．x`,
  'another hyphen': (name) => `${name}‐x`,
  'a slash that is none': (name) => `${name}∕x`,
  'half a character': (name) => `${name}\ud800`,
}

/** Nothing that a name is given to may have them. */
const reserved = ['robot$ci', 'team+robot$ci', 'robot$', '$', '+', '_catalog', '_oci', '.', '..', '*', 'a*', '#', 'a:b', 'a/b', 'a\\b', '-x', '__proto__', 'null\0', '%61dmin', "admin'--", '']

const inApi = (method: string, path: string, body: unknown): Ask => ({ method, path: `/api/v1${path}`, body })
/** Each place in a body that takes a name; `admin` and `team` are there. */
const bodies: Readonly<Record<string, (name: string) => Ask>> = {
  'a new project': (name) => inApi('POST', '/projects', { name }),
  'a project that is renamed': (name) => inApi('POST', `/projects/${project}/rename`, { name }),
  'a new account': (name) => inApi('POST', '/accounts', { name }),
  'an imported account': (name) => inApi('POST', '/account-imports', { htpasswd: `# one\n${name}:$2y$05$${'a'.repeat(53)}\n` }),
  'a new group': (name) => inApi('POST', '/groups', { name }),
  'a new role': (name) => inApi('POST', '/roles', { name, permissions: ['content.pull'] }),
  'a new robot': (name) => inApi('POST', `/projects/${project}/robots`, { name, rights: [{ project, permissions: ['content.pull'] }] }),
  'a robot of the system': (name) => inApi('POST', '/robots', { name, rights: [{ permissions: ['content.pull'] }] }),
  'the project of a right': (name) => inApi('POST', '/robots', { name: 'fine', rights: [{ project: name, permissions: ['content.pull'] }] }),
  'the subject of a grant': (name) => inApi('POST', `/projects/${project}/grants`, { subject: { kind: 'account', name }, role: 'guest' }),
  'the group of a grant': (name) => inApi('POST', '/grants', { subject: { kind: 'group', name }, role: 'guest' }),
  'the robot of a grant': (name) => inApi('POST', '/grants', { subject: { kind: 'robot', name }, role: 'guest' }),
  'the role of a grant': (name) => inApi('POST', `/projects/${project}/grants`, { subject: { kind: 'account', name: 'other' }, role: name }),
  'a permission of a role': (name) => inApi('POST', '/roles', { name: 'fine', permissions: [name] }),
  'the role of a tag rule': (name) => inApi('POST', `/projects/${project}/tag-rules`, { tags: 'v*', roles: [name] }),
}

const names = (): [why: string, name: string][] => [
  ...['team', 'admin', 'guest'].flatMap((name) => Object.entries(looksLike).map(([why, change]): [string, string] => [`${why} in ${name}`, change(name)])),
  ...reserved.map((name): [string, string] => [`reserved: ${JSON.stringify(name)}`, name]),
]

describe('no name looks like another, wherever one is given', () => {
  test.each(Object.entries(bodies))('%s', async (_, ask) => {
    const before = world.rows()
    const wrong: string[] = []
    for (const [why, name] of names()) {
      const answer = await world.send(world.credentialOf('admin', ''), ask(name))
      const text = await answer.text()
      const { code, imported } = JSON.parse(text) as { code?: string; imported?: string[] }
      // A file of htpasswd names its lines that were left out.
      const refused = imported === undefined ? answer.status >= 400 && answer.status < 500 && /^[a-z-]+$/.test(code ?? '') : imported.length === 0
      if (!refused) wrong.push(`${why}: ${answer.status} ${text}`)
    }
    expect(wrong).toEqual([])
    expect(world.rows()).toEqual(before)
  })

  test('and the one it looks like is taken', async () => {
    for (const place of ['a new group', 'a new robot', 'a robot of the system', 'a new project', 'a new account']) {
      const ask = bodies[place]?.('plain-name')
      expect([place, ask && (await world.send(world.credentialOf('admin', ''), ask)).status]).toEqual([place, 201])
    }
  })
})

describe('no path with such a name leads to another one’s', () => {
  const paths: Readonly<Record<string, [of: string, path: (name: string) => string]>> = {
    'of a project': ['team', (name) => `/api/v1/projects/${name}`],
    'of an account': ['admin', (name) => `/api/v1/accounts/${name}`],
    'of a role': ['guest', (name) => `/api/v1/roles/${name}`],
    'of a repository': ['team', (name) => `/v2/${name}/app/tags/list`],
    'of the last part of one': ['app', (name) => `/v2/team/${name}/tags/list`],
    'of a tag': ['tag', (name) => `/v2/team/app/manifests/${name}`],
  }

  test.each(Object.entries(paths))('%s', async (_, [of, path]) => {
    const real = of === 'tag' ? tag : of
    const ask = async (name: string): Promise<number> => (await world.send(world.credentialOf('admin', ''), { method: 'GET', path: path(name) })).status
    expect(await ask(real)).toBe(200)
    const wrong: string[] = []
    for (const [why, change] of Object.entries(looksLike)) {
      const name = change(real)
      if (name === real) continue
      for (const text of [encodeURIComponent(name.toWellFormed()), encodeURIComponent(encodeURIComponent(name.toWellFormed()))]) {
        const status = await ask(text)
        if (![400, 404].includes(status)) wrong.push(`${why}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

test('no scope with such a name is given anything', async () => {
  const accessOf = async (scope: string): Promise<unknown> => {
    const answer = await world.send(world.credentialOf('admin', ''), { method: 'GET', path: `/token?scope=${encodeURIComponent(scope.toWellFormed())}` })
    if (answer.status === 400) return []
    const { token } = (await answer.json()) as { token: string }
    return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: unknown }).access
  }
  expect(await accessOf('repository:team/app:pull')).toMatchObject([{ name: 'team/app', actions: ['pull'] }])
  for (const change of Object.values(looksLike)) {
    for (const scope of [`repository:${change('team')}/app:pull`, `repository:team/${change('app')}:pull`, `${change('repository')}:team/app:pull`, `registry:${change('catalog')}:*`]) {
      // Parts that are divided by a space may be scopes by themselves: never more than what they spell.
      const access = (await accessOf(scope)) as { name: string }[]
      expect([scope, access.filter(({ name }) => name !== 'team/app' || !/[ \t\n]/.test(scope))]).toEqual([scope, []])
    }
    expect([change('pull'), await accessOf(`repository:team/app:${change('pull')}`)]).not.toEqual([change('pull'), [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]])
  }
})

test('no user name that looks like another one’s logs in as that', async () => {
  const { user = '', secret = '' } = world.credentialOf('guest', project) ?? {}
  const login = async (name: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
    return (await world.send(undefined, { method: 'GET', path: '/api/v1/whoami', headers: { authorization } })).status
  }
  expect(await login(user)).toBe(200)
  for (const [why, change] of Object.entries(looksLike)) expect([why, await login(change(user))]).toEqual([why, 401])
})

test('no name makes anybody more than they were made: system, scanner, root, and names of roles', async () => {
  const important = ['scanner-trivy', 'scanner', 'system', 'root', 'administrator', 'berth', 'internal', 'proxy', 'replication', 'robot', 'anonymous', 'everyone', 'auditor-x', 'project-admin-x', 'v2', 'api', 'token']
  const own = await world.project('private', 'important')
  for (const name of important) {
    await world.admin('POST', '/groups', { name })
    await world.admin('POST', '/roles', { name, permissions: ['content.pull'] })
    const { login, secret } = await world.admin('POST', `/projects/${own}/robots`, { name, rights: [{ project: own, permissions: ['content.pull'] }] })
    const robot = { user: String(login), secret: String(secret) }
    expect((await world.send(robot, { method: 'GET', path: '/api/v1/whoami' })).status).toBe(200)
    const asks: Ask[] = [
      { method: 'GET', path: `/v2/${project}/app/manifests/${tag}` },
      { method: 'POST', path: `/v2/${own}/app/blobs/uploads/` },
      { method: 'GET', path: '/api/v1/accounts' },
      { method: 'GET', path: `/api/v1/projects/${project}` },
    ]
    for (const ask of asks) expect([name, ask.path, (await world.send(robot, ask)).status]).toBeOneOf([[name, ask.path, 403], [name, ask.path, 404]])
  }
  // Names of the roles that come with Berth are not made again.
  for (const name of ['admin', 'project-admin', 'maintainer', 'developer', 'guest', 'ops', 'auditor']) {
    const answer = await world.send(world.credentialOf('admin', ''), inApi('POST', '/roles', { name, permissions: ['content.pull'] }))
    expect([name, answer.status >= 400 && answer.status < 500]).toEqual([name, true])
  }
})
