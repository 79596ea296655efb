import { expect } from 'bun:test'
import { createSeededIds } from '../../lib/index.ts'
import { digestBytes } from '../../oci/index.ts'
import { type BlobStore, type ObjectWriter, type OpenObject, StorageError, type StorageErrorCode } from '../blob-store.ts'

const ids = createSeededIds(1)

/** An id no other test uses. */
export const newId = (): string => ids.object()

/** Bytes that differ from place to place, so that any shift or mix-up shows. */
export function sampleBytes(length: number, salt = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = 0x9e3779b9 ^ salt
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

export const keyOf = (store: BlobStore, id: string, bytes: Uint8Array): string =>
  store.finishedKey(id, digestBytes(bytes, 'sha256'))

/** Writes chunks and closes. */
export async function fill(writer: ObjectWriter, ...chunks: Uint8Array[]): Promise<void> {
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close()
}

/** A finished object with these bytes. */
export async function finish(store: BlobStore, bytes: Uint8Array, id = newId()): Promise<{ id: string; key: string }> {
  const key = keyOf(store, id, bytes)
  await fill(await store.begin(id), bytes)
  await store.commit(id, key, bytes.length)
  return { id, key }
}

export async function content(object: OpenObject | undefined): Promise<Uint8Array> {
  switch (object?.kind) {
    case undefined:
      throw new Error('there is no such object')
    case 'file':
      return await object.file.bytes()
    case 'bytes':
      return object.bytes
    case 'stream':
      return await new Response(object.stream).bytes()
    case 'redirect':
      return await (await fetch(object.url)).bytes()
  }
}

/** Compares by content without printing megabytes. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect({ length: actual.length, same: Buffer.compare(actual, expected) === 0 }).toEqual({ length: expected.length, same: true })
}

/** The call must fail with a StorageError of this code. */
export async function expectFailure(code: StorageErrorCode, call: () => Promise<unknown>): Promise<StorageError> {
  let error: unknown
  try {
    await call()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(StorageError)
  expect((error as StorageError).code).toBe(code)
  return error as StorageError
}
