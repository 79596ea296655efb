import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { systemIds } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { createFilesystemStore } from '../storage/index.ts'
import { allowAll, createRegistry, type Registry } from './index.ts'
import { anonymous, bodyOf, createTestRegistry, noBody, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const name = repository('team/app')
const bytesOf = (letter: string, size: number) => Buffer.alloc(size, letter)

forEachDatabase('an upload that another process takes over', (kind) => {
  let t: TestRegistry
  let folder: string
  let first: Registry
  let second: Registry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
    folder = mkdtempSync(join(tmpdir(), 'berth-overtaken-'))
    const store = createFilesystemStore({ root: folder })
    const process = () => createRegistry({ ...t, store, ids: systemIds, authorize: allowAll, settings, contentCache: 1024 })
    first = process()
    second = process()
  })
  afterEach(async () => {
    await t.dispose()
    rmSync(folder, { recursive: true })
  })

  test('is out of reach for a body that still comes in at the first one, also when the takeover failed once', async () => {
    const { id } = await first.uploads.begin(anonymous, name)
    await first.uploads.append(anonymous, name, id, bodyOf(bytesOf('a', 100_000)))
    const late = Promise.withResolvers<Uint8Array>()
    const started = Promise.withResolvers<void>()
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          started.resolve()
          controller.enqueue(await late.promise)
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const overtaken = first.uploads.append(anonymous, name, id, { stream, length: undefined, range: undefined })
    await started.promise
    const tooLong = { ...bodyOf(bytesOf('x', 10)), length: 5 }
    await expect(second.uploads.append(anonymous, name, id, tooLong)).rejects.toMatchObject({ code: 'SIZE_INVALID' })
    await second.uploads.append(anonymous, name, id, bodyOf(bytesOf('c', 50_000)))
    late.resolve(bytesOf('b', 20_000))
    await expect(overtaken).rejects.toMatchObject({ code: 'RANGE_INVALID' })
    const digest = digestBytes(Buffer.concat([bytesOf('a', 100_000), bytesOf('c', 50_000)]), 'sha256')
    await second.uploads.finish(anonymous, name, id, digest, noBody)
    expect((await first.pull.statBlob(anonymous, name, digest)).size).toBe(150_000)
  })
})
