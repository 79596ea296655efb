import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock } from '../lib/index.ts'
import { bindDirectory } from './bind-directory.ts'
import { openDataDirectory } from './data-directory.ts'
import { forEachDatabase, type TestDatabase } from './for-each-database.testing.ts'
import { statement } from './statement.ts'
import { transaction, transactionTable } from './transaction.ts'

const insert = statement(`insert into object (id, store_id, state, since) values ('o', 1, 'live', 0)`)
const keepObject = transaction('keep object', async (tx) => ({ ok: await tx.run(insert) }))

forEachDatabase('a data directory and its database', (kind) => {
  let t: TestDatabase
  let folder: string
  beforeEach(async () => {
    t = await kind.create(transactionTable([keepObject]), createManualClock(1000))
    folder = mkdtempSync(join(tmpdir(), 'berth-bind-'))
  })
  afterEach(async () => {
    await t.dispose()
    rmSync(folder, { recursive: true })
  })

  async function bind(): Promise<void> {
    const directory = openDataDirectory(folder)
    try {
      await bindDirectory(directory, t.database)
    } finally {
      directory.release()
    }
  }

  test('belong together from the first start on', async () => {
    await bind()
    await t.database.transact(keepObject, null)
    await bind()
  })

  test('a new directory is refused by a database that knows objects', async () => {
    await t.database.transact(keepObject, null)
    await expect(bind()).rejects.toMatchObject({ code: 'corrupt' })
    expect(readdirSync(folder)).toEqual(['berth.lock'])
  })
})
