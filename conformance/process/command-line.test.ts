import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { digestOf } from '../digest.ts'
import { forEachDatabase } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { freshBytes, freshRepository } from '../oci/content.ts'
import { openRaw } from '../oci/raw-exchange.ts'
import { runProgram } from '../run-program.ts'
import { berth, startServer } from '../server.ts'
import { temporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'
import { openSlowReader } from './stubborn-client.ts'

setDefaultTimeout(180_000)

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const data = () => join(folder.path, 'data')
/** Runs a server that has to refuse to start. */
const refused = async (flags: string[], env: Record<string, string> = {}) =>
  await runProgram([berth, 'serve', '--listen', '127.0.0.1:0', '--data', data(), ...flags], { env, cwd: folder.path })

/** Expects one line for a person, and nothing else. */
function expectOneLine(finished: { code: number; out: string; err: string }, words: RegExp): void {
  expect([finished.code, finished.out]).toEqual([1, ''])
  expect(finished.err).toMatch(/^berth: [^\n]+\n$/)
  expect(finished.err).toMatch(words)
}

forEachDatabase('an orderly stop', (kind) => {
  const size = 60 * 1024 ** 2

  test('lets a slow download end, takes no new connection, and says so', async () => {
    const database = await kind.create()
    const server = await startServer({ env: database.env })
    try {
      const [repository, content] = [freshRepository(), freshBytes(size)]
      const path = `/v2/${repository}/blobs/${await createClient(server.url).pushBlob(repository, content)}`
      const reader = await openSlowReader(server.url, path)
      const stopped = server.stop()
      await until('the server says that it is stopping', () => server.output().includes('Stopping'))
      await until('no new connection is taken', () => fetch(`${server.url}/v2/`).then(() => false, () => true))
      const answer = await reader.rest()
      const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
      expect([body.length, digestOf(body)]).toEqual([size, digestOf(content)])
      expect(await stopped).toBe(0)
    } finally {
      await server.stop()
      await database.drop()
    }
  })

  test('lets an upload end', async () => {
    const database = await kind.create()
    const server = await startServer({ env: database.env })
    try {
      const [repository, content] = [freshRepository(), freshBytes(200_000)]
      const location = await createClient(server.url).startUpload(repository)
      const connection = await openRaw(server.url)
      const head = `PUT ${location}?digest=${digestOf(content)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}`
      connection.write(`${head}\r\nExpect: 100-continue\r\n\r\n`)
      // Before that the server has not begun, and may close the connection.
      await connection.answer(/100 Continue\r\n\r\n/)
      connection.write(content.slice(0, 100_000))
      const stopped = server.stop()
      await until('the server says that it is stopping', () => server.output().includes('Stopping'))
      connection.write(content.slice(100_000))
      expect(await connection.answer()).toContain('HTTP/1.1 201 Created\r\n')
      expect(await stopped).toBe(0)
    } finally {
      await server.stop()
      await database.drop()
    }
  })
})

describe('a server that does not wait for ever', () => {
  /** A server with a reader that never reads. */
  const stuck = async (env: Record<string, string> = {}) => {
    const server = await startServer({ env })
    const repository = freshRepository()
    const digest = await createClient(server.url).pushBlob(repository, freshBytes(60 * 1024 ** 2))
    const reader = await openSlowReader(server.url, `/v2/${repository}/blobs/${digest}`)
    return { server, reader }
  }

  test('cuts off what takes longer than http.drain', async () => {
    const { server, reader } = await stuck({ BERTH_HTTP_DRAIN: '500ms' })
    expect(await server.stop()).toBe(0)
    reader.destroy()
  })

  test('ends at once at the second signal', async () => {
    const { server, reader } = await stuck()
    const stopped = server.stop()
    await until('the server says that it is stopping', () => server.output().includes('Stopping'))
    await until('the second signal is taken', async () => {
      process.kill(server.pid, 'SIGTERM')
      return await Promise.race([stopped.then(() => true), Bun.sleep(100).then(() => false)])
    })
    expect(await stopped).toBe(143)
    reader.destroy()
  })
})

test('a second server on the same data is refused, the first one goes on', async () => {
  const server = await startServer({ data: data() })
  try {
    expectOneLine(await refused([]), /data directory \S+\/data is in use by another Berth server\. Stop/)
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200)
  } finally {
    await server.stop()
  }
  const next = await startServer({ data: data() })
  await next.kill9()
  // A killed server leaves no lock behind.
  expect(await (await startServer({ data: data() })).stop()).toBe(0)
})

test('without --open nobody gets in without a login, on whatever address; with it the first line says that everybody does', async () => {
  for (const listen of ['127.0.0.1:0', '0.0.0.0:0']) {
    const server = await startServer({ flags: ['--listen', listen], env: { BERTH_OPEN: 'false' } })
    const port = new URL(server.url).port
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining(`realm="http://127.0.0.1:${port}/token"`)])
    expect(server.output()).not.toContain('OPEN')
    const [, password = ''] = /Log in as admin with the password (\S+)/.exec(server.output()) ?? []
    const statusWith = async (secret: string) =>
      (await fetch(`http://127.0.0.1:${port}/v2/`, { headers: { authorization: `Basic ${btoa(`admin:${secret}`)}` } })).status
    expect([await statusWith(password), await statusWith(`${password}x`)]).toEqual([200, 401])
    expect(await server.stop()).toBe(0)
  }
  const server = await startServer({ flags: ['--listen', '0.0.0.0:0', '--open'], env: {} })
  expect(server.output()).toMatch(/^OPEN: there is no login\. Anyone who can reach this address may pull, push and delete\.\n/m)
  expect((await fetch(`http://127.0.0.1:${new URL(server.url).port}/v2/`)).status).toBe(200)
  expect(await server.stop()).toBe(0)
})

forEachDatabase('a database of a newer version', (kind) => {
  test('is refused and left alone', async () => {
    const database = await kind.create()
    const url = database.env['BERTH_DATABASE_URL']
    try {
      expect(await (await startServer({ data: data(), env: database.env })).stop()).toBe(0)
      await pretendNewer(url)
      const finished = await refused([], { ...database.env })
      expectOneLine(finished, /schema version 9999.*start the newer program/)
      expect(await newestVersion(url)).toBe(9999)
    } finally {
      await database.drop()
    }
  })
})

async function pretendNewer(url: string | undefined): Promise<void> {
  await query(url, "insert into schema_version (version, name, applied_at) values (9999, 'of the future', 0)")
}

async function newestVersion(url: string | undefined): Promise<unknown> {
  return await query(url, 'select max(version) as found from schema_version')
}

/** The value of `found` in the first row. */
async function query(url: string | undefined, statement: string): Promise<unknown> {
  if (url === undefined) {
    const sqlite = new Database(join(data(), 'berth.db'))
    const row = sqlite.query<{ found: unknown }, []>(statement).get()
    sqlite.close()
    return row?.found
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ found: unknown }>(statement)
  await client.end()
  return rows[0]?.found === undefined ? undefined : Number(rows[0].found)
}

describe('a database that cannot be used', () => {
  /** The digest of each file in the data folder. */
  const digests = (): Record<string, string> => {
    const files = readdirSync(data(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = files.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => !/berth\.(lock|db-shm)/.test(path))
    return Object.fromEntries(paths.map((path) => [path, digestOf(readFileSync(path))]))
  }

  const withData = async (): Promise<void> => {
    const server = await startServer({ data: data() })
    await createClient(server.url).pushBlob(freshRepository(), freshBytes(100_000))
    expect(await server.stop()).toBe(0)
  }

  test('an orderly stop leaves no log beside it', async () => {
    const server = await startServer({ data: data() })
    await createClient(server.url).pushBlob(freshRepository(), freshBytes(100_000))
    expect(await server.stop()).toBe(0)
    expect(existsSync(join(data(), 'berth.db-wal'))).toBe(false)
  })

  test('a missing one beside data is not made anew', async () => {
    await withData()
    renameSync(join(data(), 'berth.db'), join(folder.path, 'elsewhere'))
    const before = digests()
    expectOneLine(await refused([]), /berth\.db/)
    expect(digests()).toEqual(before)
    renameSync(join(folder.path, 'elsewhere'), join(data(), 'berth.db'))
    expect(await (await startServer({ data: data() })).stop()).toBe(0)
  })

  test.each([
    ['no database', () => Buffer.from('this is no database at all'.repeat(1000))],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 5000)],
    ['empty', () => Buffer.alloc(0)],
    ['overwritten inside', (bytes: Buffer) => Buffer.from(bytes).fill(7, 4096, bytes.length)],
  ])('one that is %s is refused and left alone', async (_, damage) => {
    await withData()
    const path = join(data(), 'berth.db')
    writeFileSync(path, damage(readFileSync(path)))
    const before = digests()
    expectOneLine(await refused([]), /database/)
    expect(digests()).toMatchObject(before)
  })

  test('one that is damaged is refused and left alone with its log', async () => {
    const server = await startServer({ data: data() })
    await createClient(server.url).pushBlob(freshRepository(), freshBytes(100_000))
    await server.kill9()
    writeFileSync(join(data(), 'berth.db'), 'this is no database at all'.repeat(1000))
    const before = digests()
    expectOneLine(await refused([]), /database/)
    expect(digests()).toMatchObject(before)
  })

  test('the data of one beside another', async () => {
    await withData()
    const own = await startServer({ data: join(folder.path, 'other') })
    expect(await own.stop()).toBe(0)
    renameSync(join(folder.path, 'other/berth.db'), join(data(), 'berth.db'))
    const before = digests()
    expectOneLine(await refused([]), /belongs to another database/)
    expect(digests()).toMatchObject(before)
  })

  test('a PostgreSQL that is not there', async () => {
    const finished = await refused([], { BERTH_DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' })
    expectOneLine(finished, /database/)
    expect(finished.err).not.toContain('secret')
  })
})

test('a data directory that is a file', async () => {
  writeFileSync(data(), 'a file')
  expectOneLine(await refused([]), /cannot use the data directory/)
  expect(readFileSync(data(), 'utf8')).toBe('a file')
})
