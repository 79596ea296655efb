import { pushImage } from '../clients/push-image.ts'
import type { Credentials } from '../oci/login.ts'
import { onServer } from '../for-each-server.ts'
import type { ServerOptions } from '../server.ts'

/** A server that asks who is there, and its administrator. */
export interface PrivateRegistry {
  readonly url: string
  /** What stands before the slash in the name of an image. */
  readonly host: string
  /**
   * Asks the management API, as the administrator unless `as` says who else.
   * @param path below /api/v1
   * @throws Error for anything but success
   */
  ask<T = unknown>(method: string, path: string, body?: object, as?: Credentials): Promise<T>
  /** An account that has chosen its password, with a role in a project if one is given; `grant` is the id of that. */
  addUser(name: string, given?: { readonly project: string; readonly role: string }): Promise<Credentials & { readonly grant: string }>
  /** A robot of a project, for all of its repositories. */
  addRobot(project: string, name: string, permissions: readonly string[]): Promise<Credentials>
  /** A personal token in place of the password; `id` is for deleting it. */
  addToken(owner: Credentials, name: string, limits?: object): Promise<Credentials & { readonly id: string }>
  /** Pushes a small image as the administrator. */
  addImage(repository: string, tag: string): Promise<string>
}

export const admin: Credentials = Object.freeze({ username: 'admin', password: 'plum-Canoe 77 riddle' })
/** What the administrator gave; it has to be changed. */
export const givenPassword = 'Quiet 9 herons wade'
const chosenPassword = 'Slow 8 otters drift: home'

/** Runs the tests of `suite` against a server with access control. */
export function onPrivateRegistry(name: string, suite: (registry: () => PrivateRegistry) => void, options: ServerOptions = {}): void {
  const env = { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: admin.password, ...options.env }
  onServer(name, (server) => suite(() => privateRegistryAt(server().url)), { ...options, env })
}

export function privateRegistryAt(url: string): PrivateRegistry {
  async function ask<T>(method: string, path: string, body?: object, as = admin): Promise<T> {
    const authorization = `Basic ${Buffer.from(`${as.username}:${as.password}`).toString('base64')}`
    const headers = { authorization, 'content-type': 'application/json' }
    const sent = body === undefined ? null : JSON.stringify(body)
    const answer = await fetch(`${url}/api/v1/${path}`, { method, headers, body: sent, tls: { rejectUnauthorized: false } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} /api/v1/${path}: ${answer.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  return Object.freeze<PrivateRegistry>({
    url,
    host: new URL(url).host,
    ask,
    async addUser(username, given) {
      await ask('POST', 'accounts', { name: username, password: givenPassword })
      const body = { current: givenPassword, password: chosenPassword }
      await ask('PUT', 'whoami/password', body, { username, password: givenPassword })
      if (given === undefined) return { username, password: chosenPassword, grant: '' }
      const grant = { subject: { kind: 'account', name: username }, role: given.role }
      const { id } = await ask<{ id: string }>('POST', `projects/${given.project}/grants`, grant)
      return { username, password: chosenPassword, grant: id }
    },
    async addRobot(project, name, permissions) {
      const made = await ask<{ login: string; secret: string }>('POST', `projects/${project}/robots`, { name, rights: [{ project, permissions }] })
      return { username: made.login, password: made.secret }
    },
    async addToken(owner, name, limits = {}) {
      const { id, secret } = await ask<{ id: string; secret: string }>('POST', 'tokens', { name, kind: 'personal', ...limits }, owner)
      return { username: owner.username, password: secret, id }
    },
    addImage: (repository, tag) => pushImage({ urls: [url], level: 'berth', credentials: admin }, repository, tag),
  })
}
