import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { testPostgres } from '../databases.ts'
import { digestOf } from '../digest.ts'
import { startSeveralProcesses } from '../several-processes.ts'
import { berth, cleanEnvironment, startServer } from '../server.ts'
import { temporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(120_000)

/** What was taken away is gone on every way in, in every process and thread, within so many ms (invariant 7). */
const limit = 5_000
const admin = 'plum-Canoe 77 riddle'
const env = { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: admin }

interface Held {
  readonly user: string
  readonly secret: string
  /** Whether it is a password, for which a client gets a refresh token. */
  readonly refreshes?: boolean
  takeAway(): Promise<unknown>
}

/** Of each kind of holder one. */
const oneOfEach = /^(an account that is disabled|a grant|a member|a role|a robot that is disabled|a personal token that is deleted)/

/** @param whole every way to lose something, and the command line too; else one for each kind of holder */
function suite(whole: boolean, start: () => Promise<{ readonly urls: readonly string[]; stop(): Promise<unknown> }>): void {
  let urls: readonly string[]
  let stop: () => Promise<unknown>
  let folder: TemporaryFolder
  beforeAll(async () => {
    folder = temporaryFolder()
    const started = await start()
    urls = started.urls
    stop = () => started.stop()
    await api('POST', '/projects', { name: 'team' })
    const path = '/v2/team/app/blobs/uploads/'
    expect((await send(first(), 'POST', `${path}?digest=${digestOf('{}')}`, basic('admin', admin), '{}')).status).toBe(201)
  })
  afterAll(async () => {
    await stop()
    folder.remove()
  })

  const first = (): string => urls[0] ?? ''
  const basic = (user: string, secret: string) => ({ authorization: `Basic ${btoa(`${user}:${secret}`)}` })

  /** On a connection of its own: among threads, any of them gets it. */
  async function send(url: string, method: string, path: string, headers: Record<string, string>, body?: string) {
    const answer = await fetch(new URL(path, url), { method, headers: { ...headers, connection: 'close' }, ...(body === undefined ? {} : { body }) })
    return { status: answer.status, text: await answer.text() }
  }

  async function api(method: string, path: string, body?: object, headers = basic('admin', admin)): Promise<Record<string, string>> {
    const { status, text } = await send(first(), method, `/api/v1${path}`, { ...headers, 'content-type': 'application/json' }, body && JSON.stringify(body))
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, string>)
  }

  let number = 0
  const fresh = (what: string): string => `${what}-${number++}`

  /** An account that has chosen its password. */
  async function person(): Promise<{ readonly user: string; readonly secret: string }> {
    const [user, given, secret] = [fresh('person'), `given ${crypto.randomUUID()}`, `own ${crypto.randomUUID()}`]
    await api('POST', '/accounts', { name: user, password: given })
    await api('PUT', '/whoami/password', { current: given, password: secret }, basic(user, given))
    return { user, secret }
  }
  const grant = async (kind: string, name: string, role = 'developer'): Promise<string> =>
    (await api('POST', '/projects/team/grants', { subject: { kind, name }, role }))['id'] ?? ''

  async function granted(takeAway: (who: { user: string; secret: string }, id: string) => Promise<unknown>): Promise<Held> {
    const who = await person()
    const id = await grant('account', who.user)
    return { ...who, refreshes: true, takeAway: () => takeAway(who, id) }
  }

  async function inGroup(takeAway: (user: string, group: string) => Promise<unknown>): Promise<Held> {
    const [who, group] = [await person(), fresh('group')]
    await api('POST', '/groups', { name: group })
    await api('PUT', `/groups/${group}/members/${who.user}`)
    await grant('group', group)
    return { ...who, refreshes: true, takeAway: () => takeAway(who.user, group) }
  }

  async function robot(takeAway: (path: string) => Promise<unknown>): Promise<Held> {
    const name = fresh('robot')
    const rights = [{ project: 'team', permissions: ['content.pull', 'project.read'] }]
    const { login = '', secret = '' } = await api('POST', '/projects/team/robots', { name, rights })
    return { user: login, secret, takeAway: () => takeAway(`/projects/team/robots/${name}`) }
  }

  async function token(kind: string, takeAway: (who: { user: string; secret: string }, id: string) => Promise<unknown>): Promise<Held> {
    const who = await person()
    await grant('account', who.user)
    const { id = '', secret = '' } = await api('POST', '/tokens', { name: 'one', kind }, basic(who.user, who.secret))
    return { user: who.user, secret, takeAway: () => takeAway(who, id) }
  }

  async function byRole(): Promise<Held> {
    const [who, role] = [await person(), fresh('role')]
    await api('POST', '/roles', { name: role, permissions: ['content.pull', 'project.read'] })
    await grant('account', who.user, role)
    return { ...who, refreshes: true, takeAway: () => api('PUT', `/roles/${role}`, { permissions: ['tag.create'] }) }
  }

  const kinds: readonly [what: string, hold: () => Promise<Held>][] = [
    ['an account that is disabled', () => granted(({ user }) => api('PUT', `/accounts/${user}/state`, { state: 'disabled' }))],
    ['an account that is deleted', () => granted(({ user }) => api('DELETE', `/accounts/${user}`))],
    ['a password that is reset', () => granted(({ user }) => api('PUT', `/accounts/${user}/password`, { password: `reset ${crypto.randomUUID()}` }))],
    ['a password that its owner changed', () => granted(({ user, secret }) => api('PUT', '/whoami/password', { current: secret, password: `new ${crypto.randomUUID()}` }, basic(user, secret)))],
    ['a grant that is removed', () => granted((_, id) => api('DELETE', `/projects/team/grants/${id}`))],
    ['a member that is taken out of a group', () => inGroup((user, group) => api('DELETE', `/groups/${group}/members/${user}`))],
    ['a group that is deleted', () => inGroup((_, group) => api('DELETE', `/groups/${group}`))],
    ['a role that loses a permission', byRole],
    ['a robot that is disabled', () => robot((path) => api('PATCH', path, { state: 'disabled' }))],
    ['a robot that is deleted', () => robot((path) => api('DELETE', path))],
    ['a secret of a robot that is rotated', () => robot((path) => api('POST', `${path}/rotate`, { overlap: 0 }))],
    ['a personal token that is deleted', () => token('personal', (who, id) => api('DELETE', `/tokens/${id}`, undefined, basic(who.user, who.secret)))],
    ['an API key that its administrator takes back', () => token('key', (who, id) => api('DELETE', `/accounts/${who.user}/tokens/${id}`))],
    ['a personal token whose owner is disabled', () => token('personal', (who) => api('PUT', `/accounts/${who.user}/state`, { state: 'disabled' }))],
  ]

  /** Every way in, each with a request that answers with a status. */
  async function waysOf({ user, secret, refreshes }: Held): Promise<Map<string, () => Promise<number>>> {
    const login = basic(user, secret)
    const pull = `/v2/team/app/blobs/${digestOf('{}')}`
    // A token holds what was known when it was given.
    await until('the right is known', async () => (await send(first(), 'GET', pull, login)).status === 200)
    const scope = 'scope=repository:team/app:pull&service='
    const answer = JSON.parse((await send(first(), 'GET', `/token?${scope}&offline_token=true`, login)).text) as { token: string; refresh_token?: string }
    expect(answer.refresh_token !== undefined).toBe(refreshes === true)
    const ways = new Map<string, () => Promise<number>>()
    for (const [at, url] of urls.entries()) {
      ways.set(`Basic at ${at}`, async () => (await send(url, 'GET', pull, login)).status)
      ways.set(`Bearer at ${at}`, async () => (await send(url, 'GET', pull, { authorization: `Bearer ${answer.token}` })).status)
      ways.set(`the API at ${at}`, async () => (await send(url, 'GET', '/api/v1/projects/team', login)).status)
      ways.set(`a new token at ${at}`, async () => pulledWith(url, await send(url, 'GET', `/token?${scope}`, login)))
      if (answer.refresh_token === undefined) continue
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: answer.refresh_token, service: '', client_id: 'x', scope: 'repository:team/app:pull' })
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      ways.set(`the refresh token at ${at}`, async () => pulledWith(url, await send(url, 'POST', '/token', form, body.toString())))
    }
    return ways

    async function pulledWith(url: string, { status, text }: { status: number; text: string }): Promise<number> {
      if (status !== 200) return status
      return (await send(url, 'GET', pull, { authorization: `Bearer ${(JSON.parse(text) as { token: string }).token}` })).status
    }
  }

  async function type(line: string, user: string, input = ''): Promise<number> {
    const home = { XDG_CONFIG_HOME: join(folder.path, user.replaceAll(/\W/g, '-')) }
    const child = Bun.spawn([berth, ...line.split(' ')], { cwd: folder.path, env: cleanEnvironment(home), stdio: [new Blob([input]), 'ignore', 'ignore'] })
    return await child.exited
  }

  test.each(whole ? kinds : kinds.filter(([what]) => oneOfEach.test(what)))('%s is gone within five seconds, everywhere', async (what, hold) => {
    // The command line is a client of the API.
    const typed = whole && / (removed|rotated)$/.test(what)
    const held = await hold()
    const ways = await waysOf(held)
    // What was given may take a moment as well.
    for (const [way, ask] of ways) await until(`${way} is open`, async () => (await ask()) === 200)
    // Often enough that every thread has it in memory.
    for (let round = 0; round < 6; round++) {
      for (const [way, ask] of ways) expect([way, await ask()]).toEqual([way, 200])
    }
    if (typed) {
      expect(await type(`login ${first()} -u ${held.user} --password-stdin`, held.user, held.secret)).toBe(0)
      expect(await type('project get team', held.user)).toBe(0)
    }
    await held.takeAway()
    const began = performance.now()
    const open = new Map(ways)
    while (open.size > 0 && performance.now() - began < limit) {
      for (const [way, ask] of open) if (await refused(ask)) open.delete(way)
    }
    expect([...open.keys()]).toEqual([])
    // And in no thread comes back.
    for (let round = 0; round < 6; round++) {
      for (const [way, ask] of ways) expect([way, await refused(ask)]).toEqual([way, true])
    }
    if (typed) expect(await type('project get team', held.user)).toBeOneOf([3, 4])
  })

  const refused = async (ask: () => Promise<number>): Promise<boolean> => [401, 403, 404, 429].includes(await ask())
}

describe('by several threads', () => {
  suite(true, async () => {
    const server = await startServer({ env, flags: ['--workers', '3'] })
    return { urls: [server.url], stop: () => server.stop() }
  })
})

const postgres = testPostgres()
describe.skipIf(postgres === undefined)(`by several processes${postgres === undefined ? ' (skipped: BERTH_TEST_POSTGRES is not set: run npm test)' : ''}`, () => {
  suite(false, async () => {
    const database = await postgres?.create()
    const running = await startSeveralProcesses({ ...env, ...database?.env })
    const stop = async (): Promise<void> => {
      await running.stop()
      await database?.drop()
    }
    return { urls: running.servers.map(({ url }) => url), stop }
  })
})
