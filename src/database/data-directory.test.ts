import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock, systemIds } from '../lib/index.ts'
import { openDataDirectory } from './data-directory.ts'
import { inlineWriter, openSqliteDatabase, statement, transactionTable, type Database } from './index.ts'
import { openSqlite } from './sqlite/connection.ts'

describe('a data directory', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-data-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const data = () => join(folder, 'data')
  const code = (promise: Promise<unknown>) => promise.then(() => 'ok', (error: { code: string }) => error.code)

  async function start(): Promise<{ database: Database; stop(): Promise<void> }> {
    const directory = openDataDirectory(data())
    try {
      const database = await openSqliteDatabase({
        path: directory.databasePath,
        mustExist: directory.holdsData,
        startWriter: () => inlineWriter(transactionTable([])),
        clock: createManualClock(),
        ids: systemIds,
        onFatal: (error) => {
          throw error
        },
      })
      directory.bind(database.installation)
      const stop = async (): Promise<void> => {
        await database.close()
        directory.release()
      }
      return { database, stop }
    } catch (error) {
      directory.release()
      throw error
    }
  }

  test('starts empty, and again with what is there', async () => {
    const first = await start()
    await first.stop()
    const second = await start()
    expect(second.database.installation).toBe(first.database.installation)
    await second.stop()
  })

  test('is not taken where distribution keeps its files, and nothing is touched there', async () => {
    mkdirSync(join(data(), 'docker/registry/v2'), { recursive: true })
    expect(await code(start())).toBe('occupied')
    expect(readdirSync(data())).toEqual(['docker'])
    rmSync(join(data(), 'docker'), { recursive: true })
    await (await start()).stop()
    mkdirSync(join(data(), 'docker/registry/v2'), { recursive: true })
    await (await start()).stop()
  })

  test('is locked against a second server', async () => {
    const first = await start()
    expect(await code(start())).toBe('locked')
    await first.stop()
    await (await start()).stop()
  })

  test('is shared, where the database is elsewhere, by any number, of which one leads', () => {
    const codeOf = (open: () => unknown): unknown => {
      try {
        open()
        return 'ok'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const [one, two] = [openDataDirectory(data(), 'shared'), openDataDirectory(data(), 'shared')]
    const leading = one.lead()
    expect(leading).toBeDefined()
    expect(two.lead()).toBeUndefined()
    expect(codeOf(() => openDataDirectory(data()))).toBe('locked')
    leading?.close()
    const next = two.lead()
    expect(next).toBeDefined()
    expect(one.lead()).toBeUndefined()
    next?.close()
    one.release()
    expect(codeOf(() => openDataDirectory(data()))).toBe('locked')
    two.release()
    const alone = openDataDirectory(data())
    expect(alone.lead()).toBeDefined()
    expect(codeOf(() => openDataDirectory(data(), 'shared'))).toBe('locked')
    alone.release()
    openDataDirectory(data(), 'shared').release()
  })

  test('that is gone is not made anew by whoever asks to lead in it', () => {
    const directory = openDataDirectory(data(), 'shared')
    rmSync(data(), { recursive: true })
    expect(() => directory.lead()).toThrow()
    expect(existsSync(data())).toBe(false)
    directory.release()
  })

  function change(path: string, sql: string): void {
    const connection = openSqlite(path, 'write')
    connection.execute(sql)
    connection.close()
  }

  const damages: [string, (path: string) => void][] = [
    ['a missing database', (path) => rmSync(path)],
    ['an empty database', (path) => truncateSync(path, 0)],
    ['a database of one byte', (path) => truncateSync(path, 1)],
    ['a database of something else', (path) => change(path, 'drop table meta')],
    ['a database that names no installation', (path) => change(path, 'delete from meta')],
    ['a database that was cut off', (path) => truncateSync(path, statSync(path).size / 2)],
    ['a database that was overwritten', (path) => writeFileSync(path, 'garbage'.repeat(10_000))],
    ['an overwritten header', (path) => writeFileSync(path, Buffer.concat([Buffer.alloc(64), readFileSync(path).subarray(64)]))],
  ]
  test.each(damages)('%s is refused and nothing is wiped', async (name, damage) => {
    await (await start()).stop()
    const database = join(data(), 'berth.db')
    damage(database)
    const before = existsSync(database) ? readFileSync(database) : undefined
    expect(await code(start())).toBe(/missing|empty/.test(name) ? 'lost' : 'corrupt')
    expect(existsSync(database) ? readFileSync(database) : undefined).toEqual(before)
  })

  test('a damaged lock is named', async () => {
    mkdirSync(data())
    writeFileSync(join(data(), 'berth.lock'), 'garbage'.repeat(10_000))
    await expect(start()).rejects.toThrow('berth.lock')
  })

  test('blobs without a database are refused', async () => {
    mkdirSync(join(data(), 'blobs', 'sha256', 'ab'), { recursive: true })
    writeFileSync(join(data(), 'blobs', 'sha256', 'ab', 'x'), 'x')
    expect(await code(start())).toBe('lost')
    expect(existsSync(join(data(), 'berth.db'))).toBe(false)
  })

  test('a database of another installation is refused', async () => {
    await (await start()).stop()
    writeFileSync(join(data(), 'installation'), '00000000-0000-4000-8000-000000000000\n')
    expect(await code(start())).toBe('corrupt')
    writeFileSync(join(data(), 'installation'), '')
    expect(await code(start())).toBe('corrupt')
  })

  test('a schema of a newer program is refused', async () => {
    await (await start()).stop()
    const connection = openSqlite(join(data(), 'berth.db'), 'write')
    connection.run(statement(`insert into schema_version (version, name, applied_at) values (999, 'later', 0)`), [])
    connection.close()
    expect(await code(start())).toBe('newer')
  })
})
