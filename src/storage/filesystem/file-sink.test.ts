import { describe, expect, test } from 'bun:test'
import { sampleBytes } from '../contract/objects.ts'
import { FileSink } from './file-sink.ts'
import type { OpenFile } from './file-system.ts'
import { createHeldChunks } from './held-chunks.ts'

const size = 512 * 1024

test('no more writers hold chunks back than allowed', () => {
  const room = createHeldChunks({ size: 10, most: 2 })
  expect([room.take(), room.take(), room.take()]).toEqual([true, true, false])
  room.giveBack()
  expect([room.take(), room.take()]).toEqual([true, false])
})

describe('a sink', () => {
  /** Writes 2 MiB in chunks of `length` to a file that takes `most` bytes at once, and gives the sizes of the writes that reach it. */
  async function writes(length: number, writers: number, most = Infinity): Promise<number[]> {
    const sizes: number[] = []
    const taken: Uint8Array[] = []
    const write = (chunks: readonly Uint8Array[], offset: number): Promise<number> => {
      expect(offset).toBe(sizes.reduce((sum, count) => sum + count, 0))
      const bytes = Buffer.concat(chunks).subarray(0, most)
      taken.push(bytes)
      sizes.push(bytes.length)
      return Promise.resolve(bytes.length)
    }
    const file = { write, close: () => Promise.resolve() }
    const sink = new FileSink(file as unknown as OpenFile, 0, createHeldChunks({ size, most: writers }))
    const sent = Array.from({ length: 2 ** 21 / length }, (_, index) => sampleBytes(length).map((byte) => byte ^ index))
    for (const chunk of sent) await sink.append(chunk)
    await sink.flush()
    await sink.release()
    expect(Buffer.concat(taken).equals(Buffer.concat(sent))).toBe(true)
    return sizes
  }

  test('gathers small chunks', async () => {
    expect(await writes(16 * 1024, 1)).toEqual([size, size, size, size])
  })

  test('does not hold more than so many', async () => {
    expect(await writes(1024, 1)).toEqual(Array.from({ length: 32 }, () => 64 * 1024))
  })

  test('writes large chunks as they come', async () => {
    expect(await writes(size, 1)).toEqual(Array.from({ length: 4 }, () => size))
  })

  test('writes small ones as they come when others hold as many as may', async () => {
    expect(await writes(128 * 1024, 0)).toEqual(Array.from({ length: 16 }, () => 128 * 1024))
  })

  test('goes on where the file took less than it was given', async () => {
    const sizes = await writes(128 * 1024, 1, 200_000)
    expect(Math.max(...sizes)).toBe(200_000)
  })

  test('gives its place back, also when closing fails', async () => {
    const room = createHeldChunks({ size, most: 1 })
    const file = { write: () => Promise.resolve(0), close: () => Promise.reject(new Error('made up')) }
    const sink = new FileSink(file as unknown as OpenFile, 0, room)
    await sink.append(sampleBytes(10))
    expect(room.take()).toBe(false)
    await expect(sink.release()).rejects.toThrow('made up')
    expect(room.take()).toBe(true)
  })
})
