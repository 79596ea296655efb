import { describe, expect, test } from 'bun:test'
import { sampleBytes } from '../contract/objects.ts'
import { FileSink } from './file-sink.ts'
import type { OpenFile } from './file-system.ts'
import { createWriteBuffers } from './write-buffers.ts'

describe('buffers', () => {
  test('no more are lent than allowed, and some are kept', () => {
    const buffers = createWriteBuffers({ size: 10, most: 3, kept: 1 })
    const lent = [buffers.take(), buffers.take(), buffers.take()]
    expect(lent.map((buffer) => buffer?.length)).toEqual([10, 10, 10])
    expect(new Set(lent).size).toBe(3)
    expect(buffers.take()).toBeUndefined()
    for (const buffer of lent) if (buffer !== undefined) buffers.giveBack(buffer)
    expect(buffers.take()).toBe(lent[0])
    expect(lent).not.toContain(buffers.take())
  })
})

describe('a sink', () => {
  const size = 512 * 1024

  /** Writes chunks of `length`, 2 MiB in all, and gives the sizes of the writes that reach the file. */
  async function writes(length: number, most: number): Promise<number[]> {
    const sizes: number[] = []
    const file = { write: async (bytes: Uint8Array) => sizes.push(bytes.length) && bytes.length, close: async () => undefined }
    const sink = new FileSink(file as unknown as OpenFile, 0, createWriteBuffers({ size, most, kept: 1 }))
    for (let sent = 0; sent < 2 ** 21; sent += length) await sink.append(sampleBytes(length))
    await sink.flush()
    await sink.release()
    return sizes
  }

  test('gathers small chunks', async () => {
    expect(await writes(16 * 1024, 1)).toEqual([size, size, size, size])
  })

  test('writes large chunks as they come', async () => {
    expect(await writes(256 * 1024, 1)).toEqual(Array.from({ length: 8 }, () => 256 * 1024))
  })

  test('writes small ones as they come when every buffer is lent', async () => {
    expect(await writes(128 * 1024, 0)).toEqual(Array.from({ length: 16 }, () => 128 * 1024))
  })

  test('gives its buffer back, also when closing fails', async () => {
    const buffers = createWriteBuffers({ size, most: 1, kept: 1 })
    const file = { write: async () => 0, close: () => Promise.reject(new Error('made up')) }
    const sink = new FileSink(file as unknown as OpenFile, 0, buffers)
    await sink.append(sampleBytes(10))
    expect(buffers.take()).toBeUndefined()
    await expect(sink.release()).rejects.toThrow('made up')
    expect(buffers.take()).toBeDefined()
  })
})
