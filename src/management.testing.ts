import { accessTransactions } from './access/access-transactions.testing.ts'
import { createCountedHashing } from './access/identities.testing.ts'
import {
  apiCaller,
  createAuthorize,
  createIdentities,
  createRights,
  createRightsVersion,
  ensureFirstAdmin,
  createPasswords,
} from './access/index.ts'
import { root } from './api/index.ts'
import type { DatabaseKind } from './database/for-each-database.testing.ts'
import type { Database } from './database/index.ts'
import { collectKind } from './features/collection/index.ts'
import { checkKind } from './features/integrity/index.ts'
import { createCountJob } from './features/usage/index.ts'
import { keepWorking, type JobHandler, type JobRun } from './jobs/index.ts'
import { createManualClock, systemClock, systemIds } from './lib/index.ts'
import { createManagementApi } from './management.ts'
import { createLogger } from './observe/index.ts'
import { createAliases, resolvingRegistry } from './projects/index.ts'
import { parseRepositoryName, parseTag } from './oci/index.ts'
import { allowAll, createRegistry, type Actor } from './registry/index.ts'
import { byTag, manifestOf, pushBlob, pushManifest, settings } from './registry/test-registry.testing.ts'
import { createMemoryStore } from './storage/index.ts'
import { transactions } from './transactions.ts'

export const rootPassword = 'plum-Canoe 77 riddle'

const remembered = 1000

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // A test knows what it asked for.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
}

/** The management API on a database of its own, with the account `admin`. What is deleted can be brought back for `retention` ms. */
export async function createManagementWorld({ create }: DatabaseKind, retention = 0) {
  const clock = createManualClock(1_700_000_000_000)
  const t = await create(new Map([...accessTransactions, ...transactions]), clock)
  /** What happens just before a transaction of this name, once. */
  const meanwhile = new Map<string, () => Promise<unknown>>()
  const database: Database = {
    ...t.database,
    transact: async (transaction, ...rest) => {
      const happens = meanwhile.get(transaction.name)
      meanwhile.delete(transaction.name)
      await happens?.()
      return await t.database.transact(transaction, ...rest)
    },
  }
  const version = createRightsVersion(database, clock)
  const { hashing } = createCountedHashing()
  const passwords = createPasswords({ hashing, atOnce: 2 })
  const noFile = { read: () => Promise.resolve(undefined), keep: (text: string) => Promise.resolve(text), remove: () => Promise.resolve() }
  await ensureFirstAdmin({ database, passwords, ids: systemIds, file: noFile, given: rootPassword })
  const identities = createIdentities({ database, clock, ids: systemIds, version, hashing, hashesAtOnce: 2, sources: [], warn: () => undefined })
  const rights = createRights({ database, version })
  const ending = new AbortController()
  const aliases = createAliases(database, version)
  const logger = createLogger({ level: 'silent' })
  const core = { database, store: createMemoryStore(), clock, ids: systemIds, settings: { ...settings, retention }, contentCache: 1024 * 1024 }
  const registry = createRegistry({ ...core, authorize: createAuthorize(rights) })
  /** The same without access control, for what a test finds there. */
  const open = createRegistry({ ...core, authorize: allowAll })
  const api = createManagementApi({
    database,
    identities,
    registry: resolvingRegistry(registry, aliases),
    rights,
    aliases,
    rightsVersion: () => version.refresh(),
    clock,
    logger,
    settings: { ...core.settings, inventoryRetention: 7 * 86_400_000 },
    ending: ending.signal,
  })

  /** Pushes an image of a config alone, tagged v1. */
  async function pushImage(name: string): Promise<void> {
    const config = { digest: await pushBlob(open, name, '{}'), size: 2 }
    await pushManifest(open, name, byTag('v1'), manifestOf([], config))
  }

  let underWay = 0

  /** As the command line sends it. */
  async function fetch(url: string, init: RequestInit): Promise<Response> {
    const { authorization, ...headers } = Object.fromEntries(new Headers(init.headers)) as Readonly<Record<string, string>>
    const user = Buffer.from(authorization?.slice('Basic '.length) ?? '', 'base64').toString()
    const { pathname, search } = new URL(url)
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined
    const answered = await send(user, init.method ?? 'GET', (pathname + search).slice(root.length), body, headers)
    return new Response(answered.text === '' ? null : answered.text, { status: answered.status, headers: answered.headers })
  }

  /** An answer that goes on. */
  async function follow(user: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return (await ask(user, new Request(`http://registry/api/v1${path}`, { headers }))).response
  }

  async function send(user: string, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    underWay++
    const payload = body === undefined ? {} : { body: JSON.stringify(body) }
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const request = new Request(`http://registry/api/v1${path}`, { method, headers: { ...type, ...headers }, ...payload })
    const { response } = await ask(user, request)
    const text = await response.text()
    // What is remembered of rights is read again once a second where other processes may change them. Not while another request waits for that.
    if (--underWay === 0 && method !== 'GET') clock.advance(remembered)
    return { status: response.status, headers: response.headers, text, json: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }

  async function ask(user: string, request: Request) {
    const colon = user.indexOf(':')
    const enter = async () => {
      const who = user === '' ? undefined : await identities.authenticator.basic(user.slice(0, colon), user.slice(colon + 1), '127.0.0.1')
      if (who !== undefined && 'failed' in who) throw Object.assign(new Error(who.failed), { code: 'UNAUTHORIZED', status: 401 })
      return apiCaller(who?.principal, who?.credential, '127.0.0.1')
    }
    return await api.fetch(request, {
      id: 'id',
      enter,
      challenge: () => 'Basic realm="Berth"',
      readBody: async () => new Uint8Array(await request.arrayBuffer()),
    })
  }
  /**
   * A worker whose checks find nothing, and which counts what is stored, until the returned function is called.
   * @param of the program that it is of: a later one takes payloads of another version
   */
  function runJobs(of: { readonly version?: number } = {}): () => Promise<void> {
    const run = ({ log, report }: JobRun<unknown>): Promise<unknown> => {
      for (const line of ['begun', 'half of it', 'all is well']) log(line)
      report({ done: 3, total: 4, unit: 'rows' })
      return Promise.resolve({ findings: 0 })
    }
    const handlers = [...[checkKind, collectKind].map((kind) => ({ kind: { ...kind, ...of }, run }) as JobHandler), createCountJob({ database, clock: systemClock })]
    return keepWorking({ database, clock: systemClock, logger: createLogger({ level: 'silent' }), handlers, node: 'here', atOnce: 1, lease: 3_600_000 })
  }

  const actor: Actor = { identity: 'admin', credential: 'password', address: '127.0.0.1' }

  /** Puts a manifest under a tag of `team/app`, whoever may. */
  async function push(tag: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    clock.advance(remembered)
    const reference = { kind: 'tag', tag: parseTag(tag) } as const
    return (await open.push.manifest(actor, parseRepositoryName('team/app'), reference, { contentType: undefined, bytes, tags: [] })).digest
  }

  const dispose = async (): Promise<void> => {
    await identities.close()
    await t.dispose()
  }
  return { ...t, database, meanwhile, dispose, clock, open, push, pushImage, send, fetch, follow, ending, runJobs }
}
