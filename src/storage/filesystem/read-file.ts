import { StorageError } from '../blob-store.ts'
import { attempt } from '../storage-failure.ts'
import type { OpenFile } from './file-system.ts'

const chunkSize = 256 * 1024

/** The first `length` bytes of a file, those before `from` left out. */
export interface FilePart {
  readonly from: number
  readonly length: number
}

/**
 * A part of a file, which is opened when the first are asked for and closed at the end, on failure and on
 * cancel. A file that ends before fails the stream with StorageError `missing`. `name` is for messages.
 */
export function readFile(name: string, part: FilePart, open: () => Promise<OpenFile>): ReadableStream<Uint8Array> {
  // A generator, since its `return` waits for the read under way: no descriptor is closed while a read uses it.
  const chunks = readChunks(part, open)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await attempt(`cannot read ${name}`, () => chunks.next())
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await attempt(`cannot close ${name}`, () => chunks.return(undefined))
      },
    },
    { highWaterMark: 0 },
  )
}

async function* readChunks({ from, length }: FilePart, open: () => Promise<OpenFile>): AsyncGenerator<Uint8Array, void> {
  const file = await open()
  try {
    for (let offset = from; offset < length; ) {
      const chunk = new Uint8Array(Math.min(chunkSize, length - offset))
      const count = await file.read(chunk, offset)
      if (count === 0) throw new StorageError('missing', `there are fewer than ${length} bytes`)
      offset += count
      yield chunk.subarray(0, count)
    }
  } finally {
    await file.close()
  }
}
