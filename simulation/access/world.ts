import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { createLogger } from '../../src/observe/index.ts'
import { poll } from '../rig/poll.ts'
import type { Identity, Visibility } from './expectations.ts'

export interface Ask {
  readonly method: string
  /** From the root of the server. */
  readonly path: string
  /** JSON unless it is bytes. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Credential = { readonly user: string; readonly secret: string } | undefined

interface TokenCredential {
  readonly user: string
  readonly secret: string
  readonly id: string
}

/** What `role` each of the members has in every project of the world. */
const members = { guest: 'guest', developer: 'developer', maintainer: 'maintainer', 'project-admin': 'project-admin' } as const
const everythingInRepositories = [
  'content.pull',
  'content.push',
  'content.delete',
  'tag.create',
  'tag.move',
  'tag.delete',
  'repository.list',
  'repository.create',
  'repository.delete',
]

/** A registry with access control, in this process, and one caller of each kind. All of it was made through the API. */
export class World {
  readonly #folder: string
  readonly #app: App
  readonly #credentials = new Map<string, Credential>()
  #number = 0

  private constructor(folder: string, app: App) {
    this.#folder = folder
    this.#app = app
  }

  /** @param retention how long what is deleted stays in the trash */
  static async create(retention = '0s'): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'berth-access-'))
    const password = `of the first ${crypto.randomUUID()}`
    const variables = new Map([['BERTH_ADMIN_PASSWORD', password], ['BERTH_JOBS_AT_ONCE', '0'], ['BERTH_TRASH_RETENTION', retention]])
    const loaded = loadConfig({ flags: new Map([['--data', join(folder, 'data')]]), environment: { variables, language: 'en' }, cwd: folder })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const world = new World(folder, await buildApp(loaded.config, createLogger({ level: 'silent' })))
    world.#credentials.set('admin', { user: 'admin', secret: password })
    try {
      await world.#people()
      return world
    } catch (error) {
      await world.dispose()
      throw error
    }
  }

  async dispose(): Promise<void> {
    await this.#app.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** The rows of every table, each as JSON, without what is counted and when something was used last: to see what requests changed. */
  rows(): Map<string, string[]> {
    const database = new Database(join(this.#folder, 'data', 'berth.db'), { readonly: true })
    try {
      const tables = tablesOf(database).filter((table) => !table.startsWith('usage_'))
      return new Map(tables.map((table) => [table, database.query(`select * from ${table}`).all().map(written).sort()]))
    } finally {
      database.close()
    }
  }

  /** The name of every column of every table. */
  columns(): string[] {
    const database = new Database(join(this.#folder, 'data', 'berth.db'), { readonly: true })
    try {
      const names = tablesOf(database).flatMap((table) => database.query<{ name: string }, []>(`pragma table_info(${table})`).all())
      return [...new Set(names.map(({ name }) => name))].sort()
    } finally {
      database.close()
    }
  }

  /** A name that nothing has yet. */
  fresh(what: string): string {
    return `${what}-${(this.#number++).toString(36)}`
  }

  /** The credential of a caller in a project; robots belong to one. */
  credentialOf(identity: Identity, project: string): Credential {
    if (identity === 'anonymous') return undefined
    const key = identity === 'narrowRobot' || identity === 'wideRobot' ? `${project}+${identity}` : identity
    if (!this.#credentials.has(key)) throw new Error(`${key} has no credential`)
    return this.#credentials.get(key)
  }

  async send(credential: Credential, { method, path, body, headers = {} }: Ask): Promise<Response> {
    const login: Record<string, string> = credential === undefined ? {} : { authorization: `Basic ${btoa(`${credential.user}:${credential.secret}`)}` }
    const bytes = body instanceof Uint8Array || body instanceof ReadableStream || typeof body === 'string'
    const type: Record<string, string> = body === undefined || bytes ? {} : { 'content-type': 'application/json' }
    const content = body === undefined ? {} : { body: bytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }
    const request = new Request(`http://registry.test${path}`, { method, headers: { ...login, ...type, ...headers }, ...content })
    return await this.#app.fetch(request, '127.0.0.1')
  }

  /** As the administrator. @throws Error unless it succeeds */
  async admin(method: string, path: string, body?: unknown): Promise<{ readonly [name: string]: unknown }> {
    return await this.#mustSucceed(this.#credentials.get('admin'), { method, path: `/api/v1${path}`, body })
  }

  /** A project with all its members, and a robot of each kind. */
  async project(visibility: Visibility, name: string = this.fresh(visibility)): Promise<string> {
    await this.admin('POST', '/projects', { name, visibility })
    for (const [member, role] of Object.entries(members)) {
      await this.admin('POST', `/projects/${name}/grants`, { subject: { kind: 'account', name: member }, role })
    }
    const robots = { narrowRobot: [{ project: name, pattern: 'app', permissions: ['content.pull'] }], wideRobot: [{ project: name, permissions: everythingInRepositories }] }
    for (const [identity, rights] of Object.entries(robots)) {
      const { login, secret } = await this.admin('POST', `/projects/${name}/robots`, { name: identity.toLowerCase(), rights })
      this.#credentials.set(`${name}+${identity}`, { user: String(login), secret: String(secret) })
    }
    return name
  }

  /** The id of a token of this account that nobody needs. */
  async tokenOf(account: 'other' | 'guest'): Promise<string> {
    const { secret = '' } = this.#credentials.get(`${account}'s password`) ?? {}
    return (await this.#token(account, secret, {})).id
  }

  async #people(): Promise<void> {
    await this.#account('other', 'other')
    for (const member of Object.keys(members)) await this.#account(member, member === 'project-admin' ? 'projectAdmin' : member)
    for (const role of ['ops', 'auditor']) {
      await this.#account(role, role)
      await this.admin('POST', '/grants', { subject: { kind: 'account', name: role }, role })
    }
    // With a project of its own, that is: another tenant.
    await this.admin('POST', '/projects', { name: 'elsewhere' })
    await this.admin('POST', '/projects/elsewhere/grants', { subject: { kind: 'account', name: 'other' }, role: 'project-admin' })
    await this.#former()
  }

  /** An account that has chosen its password, and asks with a token. */
  async #account(name: string, identity: string): Promise<void> {
    const [first, password] = [`first ${crypto.randomUUID()}`, `own ${crypto.randomUUID()}`]
    await this.admin('POST', '/accounts', { name, password: first })
    await this.#mustSucceed({ user: name, secret: first }, { method: 'PUT', path: '/api/v1/whoami/password', body: { current: first, password } })
    this.#credentials.set(`${identity}'s password`, { user: name, secret: password })
    this.#credentials.set(identity, await this.#token(name, password, {}))
  }

  async #token(user: string, password: string, more: Readonly<Record<string, unknown>>): Promise<TokenCredential> {
    const body = { name: this.fresh('token'), kind: 'personal', ...more }
    const { id, secret } = await this.#mustSucceed({ user, secret: password }, { method: 'POST', path: '/api/v1/tokens', body })
    return { user, secret: String(secret), id: String(id) }
  }

  /** Two tokens of the developer, who may push: one that has ended, one that was taken back. */
  async #former(): Promise<void> {
    const password = this.#credentials.get("developer's password")?.secret ?? ''
    const [expired, revoked] = [await this.#token('developer', password, { expiresIn: 1 }), await this.#token('developer', password, {})]
    // Known to be good, and remembered as such.
    await this.#mustSucceed(revoked, { method: 'GET', path: '/api/v1/whoami' })
    await this.admin('DELETE', `/accounts/developer/tokens/${revoked.id}`)
    for (const [identity, credential] of Object.entries({ expired, revoked })) {
      this.#credentials.set(identity, credential)
      await poll(`the end of the ${identity} token`, 10_000, async () => {
        return (await this.send(credential, { method: 'GET', path: '/api/v1/whoami' })).status === 401 || undefined
      })
    }
  }

  async #mustSucceed(credential: Credential, ask: Ask): Promise<{ readonly [name: string]: unknown }> {
    const answer = await this.send(credential, ask)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${ask.method} ${ask.path}: ${answer.status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as { readonly [name: string]: unknown })
  }
}

function tablesOf(database: Database): string[] {
  const query = database.query<{ name: string }, []>("select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name")
  return query.all().map(({ name }) => name)
}

/** Blobs as hex. */
function written(row: unknown): string {
  return JSON.stringify(row, (name, value: unknown) => {
    if (['last_used_at', 'last_login_at', 'last_pulled_at'].includes(name)) return undefined
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
  })
}
