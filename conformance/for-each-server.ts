import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { sqlite, testPostgres, type DatabaseKind, type TestDatabase } from './databases.ts'
import type { Target } from './oci/client.ts'
import { startSeveralProcesses, type SeveralProcesses } from './several-processes.ts'
import { startServer, type Server, type ServerOptions } from './server.ts'

/** The milliseconds a hook may take on a machine that does much else. */
const patience = 60_000

/** Runs the tests of `suite` once on each kind of database. */
export function forEachDatabase(name: string, suite: (database: DatabaseKind) => void): void {
  describe(`${name} on SQLite`, () => suite(sqlite))
  const postgres = testPostgres()
  if (postgres !== undefined) describe(`${name} on PostgreSQL`, () => suite(postgres))
  else describe.skip(`${name} on PostgreSQL (BERTH_TEST_POSTGRES is not set: run npm test)`, () => suite(sqlite))
}

/**
 * Runs the tests of `suite` against a server of their own on each kind of database; the function handed to them gives it once
 * tests run. It must stop in order at the end and have logged no fault of its own.
 */
export function forEachServer(name: string, suite: (server: () => Server) => void, options: ServerOptions = {}): void {
  forEachDatabase(name, (kind) => suite(serverOf(kind, options)))
}

/** The same on SQLite alone: for what does not depend on how rows are kept. */
export function onServer(name: string, suite: (server: () => Server) => void, options: ServerOptions = {}): void {
  describe(name, () => suite(serverOf(sqlite, options)))
}

/** Starts a server before the tests of a group and stops it behind them. */
function serverOf(kind: DatabaseKind, options: ServerOptions): () => Server {
  let database: TestDatabase | undefined
  let server: Server | undefined
  beforeAll(async () => {
    database = await kind.create()
    server = await startServer({ ...options, env: { ...options.env, ...database.env } })
  }, patience)
  afterAll(async () => {
    try {
      if (server === undefined) return
      expect(await server.stop()).toBe(0)
      expect(faults(server)).toEqual([])
    } finally {
      await database?.drop()
    }
  }, patience)
  return () => {
    if (server === undefined) throw new Error('the server runs only while tests do')
    return server
  }
}

/** The same against any registry: the one whose URL is in BERTH_TEST_REGISTRY, otherwise servers of our own. */
export function forEachRegistry(name: string, suite: (url: () => string) => void): void {
  const given = process.env['BERTH_TEST_REGISTRY']
  if (given === undefined) forEachServer(name, (server) => suite(() => server().url))
  else describe(`${name} at ${given}`, () => suite(() => given.replace(/\/+$/, '')))
}

/**
 * Runs the tests of `suite` against every form in which Berth runs: on each kind of database, as several threads, and as several
 * processes that take the requests in turn. With BERTH_TEST_REGISTRY against the registry of that URL.
 */
export function forEachTarget(name: string, suite: (target: () => Target) => void): void {
  forEachRegistry(name, (url) => suite(() => ({ urls: [url()], level: 'berth' })))
  if (process.env['BERTH_TEST_REGISTRY'] !== undefined) return
  describe(`${name} by several threads`, () => {
    const server = serverOf(sqlite, { flags: ['--workers', '3'] })
    suite(() => ({ urls: [server().url], level: 'berth', singly: true }))
  })
  const postgres = testPostgres()
  if (postgres !== undefined) describe(`${name} by several processes`, () => severalProcesses(postgres, suite))
  else describe.skip(`${name} by several processes (skipped: BERTH_TEST_POSTGRES is not set: run npm test)`, () => {})
}

function severalProcesses(kind: DatabaseKind, suite: (target: () => Target) => void): void {
  let database: TestDatabase | undefined
  let running: SeveralProcesses | undefined
  beforeAll(async () => {
    database = await kind.create()
    running = await startSeveralProcesses(database.env)
  }, patience)
  afterAll(async () => {
    try {
      if (running === undefined) return
      expect(await running.stop()).toEqual([0, 0])
      expect(running.servers.flatMap(faults)).toEqual([])
    } finally {
      await database?.drop()
    }
  }, patience)
  suite(() => ({ urls: running?.servers.map(({ url }) => url) ?? [], level: 'berth' }))
}

/** The lines of the log that tell of a fault of the server's. */
export function faults(server: Server): string[] {
  return server.output().split('\n').filter((line) => /"level":"(error|fatal)"|"status":500/.test(line))
}
