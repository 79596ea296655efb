import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AccessError,
  type AttemptMemory,
  argon2Hashing,
  createAuthorize,
  createIdentities,
  createPasswords,
  createOutsideCheck,
  createRefreshTokens,
  createRights,
  createRightsVersion,
  createTokenCheck,
  createTokenHolders,
  createTokenIssuer,
  createTokenKeys,
  ensureFirstAdmin,
  initialPasswordChanged,
  initialPasswordFile,
  type FirstAdmin,
  isOutside,
  mayPush,
  readOutsideKeys,
  withOutside,
  type RightsVersion,
} from './access/index.ts'
import type { Config } from './config/index.ts'
import { createPrivateFile, measuredDatabase, type Database } from './database/index.ts'
import { createMeter } from './features/usage/index.ts'
import {
  createClientOf,
  createGate,
  createHttp,
  createManagement,
  createReadiness,
  createRequestMetrics,
  createTokenEndpoint,
  listen,
  listenBehindFront,
  readCertificate,
  watchedFiles,
  type AccessDeps,
  type FrontListener,
  type Http,
  type Readiness,
  type TlsOptions,
} from './http/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createManagementApi } from './management.ts'
import type { Logger, Metric } from './observe/index.ts'
import { createAliases, createEnsureRepository, createRepositoryPage, resolvingRegistry, type Aliases } from './projects/index.ts'
import {
  allowAll,
  createSharedRegistry,
  everyRepository,
  type Registry,
  standingHolds,
  type CollectorDeps,
  type OtherWriters,
  type RegistryDeps,
  type RegistrySettings,
  type SharedRegistry,
} from './registry/index.ts'
import { createFilesystemStore, measuredStore } from './storage/index.ts'

/** Where everything is kept, with what counts the use of it: both for requests and for what goes on beside them. */
export interface Kept {
  readonly core: CollectorDeps
  readonly metrics: readonly Metric[]
  /** That both can be used. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>
}

/** What answers requests. */
export interface Serving {
  readonly fetch: Http['fetch']
  readonly readiness: Readiness
  readonly metrics: readonly Metric[]
  readonly release: SharedRegistry['release']
  /** Writes down what was used last. Before the database is closed. */
  readonly close: () => Promise<void>
}

/** Where several threads answer requests. */
export interface AmongThreads {
  readonly threads: number
  /** Names this one, for the uploads that it writes. */
  readonly owner: string
  readonly otherWriters: OtherWriters
  /** Where all of them count wrong passwords. */
  readonly attempts: AttemptMemory
}

export function settingsOf({ gc, trash, uploads, storage, push }: Config): RegistrySettings {
  const lasting = { lease: gc.lease, drain: gc.drain, untagged: gc.untagged, uploadExpiry: uploads.expiry, retention: trash.retention }
  return { ...lasting, verify: storage.verify, sparse: push.sparse }
}

/** @param path the data directory */
export function openKept(config: Config, opened: Database, path: string): Kept {
  const { database, metrics } = measuredDatabase(opened, systemClock)
  const measured = measuredStore(createFilesystemStore({ root: path }), systemClock)
  return {
    core: { database, store: measured.store, clock: systemClock, settings: settingsOf(config), rate: config.gc.rate },
    metrics: [...metrics, ...measured.metrics],
    checks: { database: () => database.one(standingHolds, systemClock.now()), storage: () => stat(path) },
  }
}

/** Bytes of memory for manifests and small blobs, in all threads together. */
const contentCache = 64 * 1024 * 1024

/** Bytes of memory for large manifests that are being pushed, in all threads together: 32 of the largest by default. */
const manifestMemory = 128 * 1024 * 1024

/** @param among absent where one thread answers all; each of several has its part of what the process may use */
export function createServing(config: Config, { core, checks }: Kept, logger: Logger, among?: AmongThreads): Serving {
  const { threads, attempts, ...writers } = among ?? { threads: 1, attempts: undefined }
  const requestMetrics = createRequestMetrics()
  const readiness = createReadiness({ checks, clock: systemClock })
  const { manifest, requests, requests_per_address } = config.limits
  const part = (whole: number): number => Math.ceil(whole / threads)
  // Every thread can take the largest one.
  const manifests = Math.max(part(manifestMemory), manifest)
  const version = createRightsVersion(core.database, systemClock)
  const aliases = createAliases(core.database, version)
  const ending = new AbortController()
  const control = config.open ? openToAll : createControl(config, { database: core.database, version, aliases, attempts, logger, ending: ending.signal })
  const meter = createMeter({ ...core, writer: systemIds.uuid(), onError: (error) => logger.warn('what was used could not be written down; it is tried again', { error }) })
  const shared = createSharedRegistry({ ...core, ...writers, ...control.ports, meter, ids: systemIds, contentCache: part(contentCache) })
  const registry = resolvingRegistry(shared.registry, aliases)
  const http = createHttp({
    registry,
    access: control.access(registry),
    limits: { manifest, manifests, requests: part(requests), requests_per_address: part(requests_per_address) },
    logger,
    ids: systemIds,
    clock: systemClock,
    readiness,
    requestMetrics,
    clientOf: createClientOf({ trusted: config.http.trusted_proxies, header: config.http.forwarded_header }),
  })
  return {
    fetch: (...request) => http.fetch(...request),
    readiness: {
      ...readiness,
      drain: () => {
        ending.abort()
        readiness.drain()
      },
    },
    metrics: [...requestMetrics.metrics, ...meter.metrics],
    release: (written) => shared.release(written),
    close: () => meter.close().then(() => control.close()),
  }
}

/** Who may do what, as the core and the HTTP layer ask it. */
interface Control {
  readonly ports: Pick<RegistryDeps, 'authorize' | 'ensureRepository' | 'repositoryPage'>
  /** Absent where everybody may do everything. */
  readonly access: (registry: Registry) => AccessDeps | undefined
  close(): Promise<void>
}

const openToAll: Control = Object.freeze({
  ports: { authorize: allowAll },
  access: () => undefined,
  close: () => Promise.resolve(),
})

/** So many passwords are compared at once in one thread: each takes 19 MiB, and a core for a moment. */
const hashesAtOnce = 2

interface ControlDeps {
  readonly database: Database
  readonly version: RightsVersion
  readonly aliases: Aliases
  /** Absent where one thread answers all. */
  readonly attempts: AttemptMemory | undefined
  readonly logger: Logger
  /** Aborted when the process is about to end. */
  readonly ending: AbortSignal
}

function createControl({ data, gc, http, token, inventory, trash }: Config, { database, version, aliases, attempts, logger, ending }: ControlDeps): Control {
  const common = { database, clock: systemClock, ids: systemIds }
  const rights = createRights({ database, version })
  const warn = (message: string, details: Readonly<Record<string, unknown>>): void => logger.warn(message, details)
  const passwordChanged = initialPasswordChanged(initialPassword(data))
  const identities = createIdentities({ ...common, version, hashing: argon2Hashing, hashesAtOnce, sources: [], attempts, passwordChanged, warn })
  const { authenticator } = identities
  const keys = createTokenKeys(common)
  const holders = createTokenHolders(common)
  // Tokens of another installation name another one, and are signed with its keys.
  const service = `berth:${database.installation}`
  const here = { ...common, keys, service, issuer: service }
  const outside = openOutside(token)
  const tokenCheck = outside?.tokenCheck ?? createTokenCheck({ ...here, holders, rightsVersion: version })
  const source = outside?.source ?? { service, realm: undefined, externalUrl: http.external_url }
  const issuer = createTokenIssuer({ ...here, rights, resolve: aliases.resolve })
  const refreshTokens = createRefreshTokens({ ...common, holders })
  const gate = createGate({ authenticator, tokenCheck, rights, source, clock: systemClock, ending })
  const settings = { inventoryRetention: inventory.retention, lease: gc.lease, drain: gc.drain, retention: trash.retention }
  const management = { ...common, identities, rights, aliases, rightsVersion: () => version.refresh(), logger, settings, ending }
  const ports = {
    authorize: createAuthorize(rights),
    ensureRepository: createEnsureRepository(rights),
    repositoryPage: createRepositoryPage({ database, rights }),
  }
  return Object.freeze<Control>({
    ports: outside === undefined ? ports : withOutsideCallers(ports, database),
    access: (registry) => ({
      gate,
      management: createManagement({ api: createManagementApi({ ...management, registry }), gate }),
      tokens: outside === undefined ? createTokenEndpoint({ authenticator, issuer, refreshTokens, keys, service }) : undefined,
      resolve: aliases.resolve,
    }),
    close: () => identities.close(),
  })
}

/** `file` keeps a password that was generated. */
export interface MadeAdmin extends FirstAdmin {
  readonly file: string
}

/** Sees to it that somebody can log in. Closes the database when that fails, with the setting that is wrong. */
export async function prepareAccess(config: Config, database: Database, logger: Logger): Promise<MadeAdmin | undefined> {
  if (config.open) return undefined
  const admin = await makeFirstAdmin(config, database)
  if (config.token.realm === undefined) await makeSigningKey(database, logger)
  return admin
}

async function makeFirstAdmin({ admin, data }: Config, database: Database): Promise<MadeAdmin | undefined> {
  const file = initialPassword(data)
  const passwords = createPasswords({ hashing: argon2Hashing, atOnce: 1 })
  try {
    const made = await ensureFirstAdmin({ database, passwords, ids: systemIds, file, given: admin.password })
    return made && { ...made, file: file.path }
  } catch (error) {
    await database.close()
    throw error instanceof AccessError ? Object.assign(error, { setting: 'admin.password' }) : error
  }
}

/**
 * Made by the server itself: no stranger's question is to be what first writes. Where nothing can be written now, it is made for the
 * first token.
 */
async function makeSigningKey(database: Database, logger: Logger): Promise<void> {
  try {
    await createTokenKeys({ database, clock: systemClock }).signing()
  } catch (error) {
    logger.warn('no key to sign tokens with could be made yet', { error })
  }
}

function initialPassword(data: string) {
  return createPrivateFile(join(data, initialPasswordFile))
}

/** The token service elsewhere that is configured, if any. Fails with what is wrong with its keys. */
function openOutside({ realm, service, issuer, root_certificates: certificates, jwks }: Config['token']) {
  if (realm === undefined || service === undefined || issuer === undefined) return undefined
  const text = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'))
  try {
    const keys = readOutsideKeys({ certificates: text(certificates), jwks: text(jwks) })
    return { tokenCheck: createOutsideCheck({ keys, clock: systemClock, issuer, service }), source: { service, realm, externalUrl: undefined } }
  } catch (error) {
    throw new Error(`the keys of the token service cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

interface OwnPorts {
  readonly authorize: ReturnType<typeof createAuthorize>
  readonly ensureRepository: ReturnType<typeof createEnsureRepository>
  readonly repositoryPage: ReturnType<typeof createRepositoryPage>
}

/** Those whom the token service vouches for are decided by their tokens alone, everybody else as before. */
function withOutsideCallers(ports: OwnPorts, database: Database): Control['ports'] {
  const { authorize, ensureRepository, repositoryPage } = ports
  const everything = everyRepository(database)
  return {
    authorize: withOutside(authorize),
    ensureRepository: (actor, repository) => {
      if (!isOutside(actor.principal)) return ensureRepository(actor, repository)
      const allowed = mayPush(actor.principal, repository)
      return { repository: allowed, newProject: allowed }
    },
    repositoryPage: (actor, ...page) => (isOutside(actor.principal) ? everything : repositoryPage)(actor, ...page),
  }
}

/** The certificate that is to be shown, if any. Fails with what is wrong with it, having opened nothing. */
export async function openTls({ tls }: Config): Promise<TlsOptions | undefined> {
  const { certificate, key, minimum } = tls
  if (certificate === undefined || key === undefined) return undefined
  const paths = { certificate, key }
  return { ...paths, minimum, first: await readCertificate({ paths, files: watchedFiles, clock: systemClock }) }
}

export interface ListeningDeps {
  readonly fetch: Http['fetch']
  readonly logger: Logger
  readonly port: number
  /** Whether other threads listen on the same port. */
  readonly shared: boolean
}

/** Clients meet the server itself, unless something has to be done for them that it cannot do. */
export async function listenForClients(config: Config, deps: ListeningDeps): Promise<FrontListener> {
  const own = { ...deps, hostname: config.listen.host }
  const tls = await openTls(config)
  const proxies = config.proxy_protocol.from
  const { connections: all, connections_per_address: perAddress } = config.limits
  if (tls === undefined && proxies.length === 0 && all === undefined && perAddress === undefined) {
    return { ...listen(own), reload: () => Promise.resolve() }
  }
  const part = (whole: number | undefined) => whole && Math.ceil(whole / config.workers)
  const connections = { all: part(all), perAddress: part(perAddress) }
  return listenBehindFront({ ...own, tls, proxies, connections, clock: systemClock, files: watchedFiles })
}

export function warnOfIdleError(logger: Logger): (error: Error) => void {
  return (error) => logger.warn('an idle database connection was lost', { error })
}
