import { expect, test } from 'bun:test'
import type { DatabaseError } from '../database.ts'
import type { FromWriter } from './writer-thread.ts'
import { WriterClient, type WriterThread } from './writer-client.ts'

const request = { name: 'any', input: null, operationId: 'one', again: false, now: 0 }

test('a fatal reply fails everyone who waits, once, and ends the writing', async () => {
  const thread: WriterThread = { postMessage: () => undefined, onmessage: null, onerror: null, terminate: () => undefined }
  const fatal: DatabaseError[] = []
  const client = new WriterClient(thread, (error) => void fatal.push(error))
  const opened = client.open('berth.db', undefined)
  thread.onmessage?.({ data: { kind: 'opened' } })
  await opened
  const waiting = Array.from({ length: 3 }, () => client.write(request).catch((error: DatabaseError) => error.code))
  const error = { code: 'failed', message: 'made up', fatal: true } as const
  const data: FromWriter = { kind: 'replies', first: 0, replies: waiting.map(() => ({ error })) }
  thread.onmessage?.({ data })
  expect(await Promise.all(waiting)).toEqual(['failed', 'failed', 'failed'])
  expect(fatal).toHaveLength(1)
  await expect(client.write(request)).rejects.toThrow('made up')
})
