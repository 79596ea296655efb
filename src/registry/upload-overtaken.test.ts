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

  /** A body of two parts; the second one comes when it is released. `begun` when the first was read. */
  function halting(start: Buffer, end: Buffer) {
    const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const parts = [start, end].filter((part) => part.length > 0)
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (parts.length === 1) {
            begun.resolve()
            await released.promise
          }
          const part = parts.shift()
          if (part === undefined) controller.close()
          else controller.enqueue(part)
        },
      },
      { highWaterMark: 0 },
    )
    return { body: { stream, length: undefined, range: { first: 0, last: start.length + end.length - 1 } }, begun, released }
  }

  test.each([1000, 100_000])('keeps the %d bytes that were acknowledged when as many others come for the same place', async (size) => {
    const { id } = await first.uploads.begin(anonymous, name)
    // The first one has begun to write when the second one looks; it is acknowledged before the second one is.
    const [ahead, behind] = [halting(bytesOf('a', size / 2), bytesOf('a', size / 2)), halting(bytesOf('b', 0), bytesOf('b', size))]
    const acknowledged = first.uploads.append(anonymous, name, id, ahead.body)
    await ahead.begun.promise
    const late = second.uploads.append(anonymous, name, id, behind.body)
    await behind.begun.promise
    ahead.released.resolve()
    expect((await acknowledged).offset).toBe(size)
    behind.released.resolve()
    await expect(late).rejects.toMatchObject({ code: 'RANGE_INVALID' })
    const digest = digestBytes(bytesOf('a', size), 'sha256')
    await first.uploads.finish(anonymous, name, id, digest, noBody)
    expect((await second.pull.statBlob(anonymous, name, digest)).size).toBe(size)
  })
})
