import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { DatabaseError, type Database } from '../database/index.ts'
import { systemIds } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { allowAll, createRegistry, type Registry } from './index.ts'
import { anonymous, bodyOf, createTestRegistry, noBody, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const name = repository('team/app')
const content = Buffer.alloc(200_000, 'layer')
const digest = digestBytes(content, 'sha256')

forEachDatabase('an upload whose closing PUT gave the object its name and got no further', (kind) => {
  let core: TestRegistry
  /** The process that gets no further: the transaction that makes the blob exist fails as often as this says. */
  let process: Registry
  let failures = 0

  beforeEach(async () => {
    core = await createTestRegistry(kind)
    failures = 1
    const database: Database = {
      ...core.database,
      transact: async (transaction, input, operationId) => {
        if (transaction.name === 'commit blob' && failures-- > 0) throw new DatabaseError('full', 'made up')
        return await core.database.transact(transaction, input, operationId)
      },
    }
    process = createRegistry({ ...core, database, ids: systemIds, authorize: allowAll, settings, contentCache: 1024 })
  })
  afterEach(() => core.dispose())

  async function pushedHalf(sent: number): Promise<string> {
    const { id } = await process.uploads.begin(anonymous, name)
    await process.uploads.append(anonymous, name, id, bodyOf(content.subarray(0, sent)))
    await expect(process.uploads.finish(anonymous, name, id, digest, bodyOf(content.subarray(sent)))).rejects.toThrow()
    return id
  }

  /** `verify` is `always` here: a wrong byte would be a BLOB_UNKNOWN. */
  async function pulledSize(): Promise<number> {
    const opened = await (await core.registry.pull.blob(anonymous, name, digest)).open()
    return opened.size
  }

  test.each([200_000, 150_000])('ends in the same process, with %d bytes acknowledged', async (sent) => {
    const id = await pushedHalf(sent)
    expect(await process.uploads.status(anonymous, name, id)).toEqual({ id, offset: sent })
    await process.uploads.finish(anonymous, name, id, digest, bodyOf(content.subarray(sent)))
    expect(await pulledSize()).toBe(content.length)
  })

  test.each([200_000, 150_000])('ends in another process, with %d bytes acknowledged', async (sent) => {
    const id = await pushedHalf(sent)
    const other = core.another()
    expect(await other.uploads.status(anonymous, name, id)).toEqual({ id, offset: sent })
    await other.uploads.append(anonymous, name, id, bodyOf(content.subarray(sent)))
    await other.uploads.finish(anonymous, name, id, digest, noBody)
    expect(await pulledSize()).toBe(content.length)
  })
})
