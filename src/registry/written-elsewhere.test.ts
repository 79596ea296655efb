import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { DatabaseError, type Database } from '../database/index.ts'
import { systemIds } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { allowAll, createSharedRegistry, type OtherWriters, type SharedRegistry } from './index.ts'
import { anonymous, bodyOf, createTestRegistry, noBody, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const name = repository('team/app')
const content = Buffer.alloc(200_000, 'layer')
const digest = digestBytes(content, 'sha256')

forEachDatabase('an upload that ends in another thread', (kind) => {
  let core: TestRegistry
  let [first, second]: SharedRegistry[] = []
  let answers: boolean[]
  let failures: number

  beforeEach(async () => {
    core = await createTestRegistry(kind)
    answers = []
    failures = 0
    const database: Database = {
      ...core.database,
      shared: true,
      transact: async (transaction, input, operationId) => {
        if (transaction.name === 'commit blob' && failures-- > 0) throw new DatabaseError('full', 'made up')
        return await core.database.transact(transaction, input, operationId)
      },
    }
    const otherWriters: OtherWriters = {
      release: (owner, written) => {
        const released = (owner === 'first' ? first : second)?.release(written)
        answers.push(released !== undefined)
        return Promise.resolve(released)
      },
    }
    const thread = (owner: string): SharedRegistry =>
      createSharedRegistry({ ...core, database, ids: systemIds, authorize: allowAll, settings, contentCache: 1024, owner, otherWriters })
    first = thread('first')
    second = thread('second')
  })
  afterEach(() => core.dispose())

  const uploads = (thread: SharedRegistry | undefined) => (thread as SharedRegistry).registry.uploads
  const inFirst = async (sent: Uint8Array): Promise<string> => {
    const { id } = await uploads(first).begin(anonymous, name)
    await uploads(first).append(anonymous, name, id, bodyOf(sent))
    return id
  }

  /** `verify` is `always` here: a wrong byte would be a BLOB_UNKNOWN. */
  async function expectPulled(): Promise<void> {
    expect((await (await core.registry.pull.blob(anonymous, name, digest)).open()).size).toBe(content.length)
  }

  test('is not copied', async () => {
    const id = await inFirst(content)
    await uploads(second).finish(anonymous, name, id, digest, noBody)
    expect(answers).toEqual([true])
    await expectPulled()
    // The answer was lost, and the client asks again.
    await uploads(first).finish(anonymous, name, id, digest, noBody)
  })

  test('is refused when it has another digest, and then is gone', async () => {
    const id = await inFirst(content.subarray(1))
    await expect(uploads(second).finish(anonymous, name, id, digest, noBody)).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
    await expect(uploads(first).status(anonymous, name, id)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
  })

  test.each(['first', 'second'])('can be ended again when that failed: in the %s', async (where) => {
    const id = await inFirst(content)
    failures = 1
    await expect(uploads(second).finish(anonymous, name, id, digest, noBody)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    await uploads(where === 'first' ? first : second).finish(anonymous, name, id, digest, noBody)
    await expectPulled()
  })

  test('goes on in a copy where it was let go, should more come', async () => {
    const id = await inFirst(content.subarray(0, 150_000))
    failures = 1
    const half = digestBytes(content.subarray(0, 150_000), 'sha256')
    await expect(uploads(second).finish(anonymous, name, id, half, noBody)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    await uploads(first).append(anonymous, name, id, bodyOf(content.subarray(150_000)))
    await uploads(first).finish(anonymous, name, id, digest, noBody)
    await expectPulled()
  })

  test('is not let go while a body comes in', async () => {
    const id = await inFirst(content.subarray(0, 150_000))
    const body = new TransformStream<Uint8Array, Uint8Array>()
    const writer = body.writable.getWriter()
    const coming = uploads(first).append(anonymous, name, id, { stream: body.readable, length: undefined, range: undefined })
    await writer.write(content.subarray(150_000))
    const half = digestBytes(content.subarray(0, 150_000), 'sha256')
    await uploads(second).finish(anonymous, name, id, half, noBody)
    expect(answers).toEqual([false])
    await writer.close()
    await expect(coming).rejects.toMatchObject({ code: 'RANGE_INVALID' })
  })
})
