import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Reads at most `limit` bytes of text.
 * @throws the file system's error; RangeError when there is more; TypeError when it is not UTF-8
 */
export function readText(path: string, limit: number): string {
  const buffer = Buffer.alloc(limit + 1)
  const file = openSync(path, 'r')
  let length = 0
  try {
    for (let read = -1; read !== 0 && length <= limit; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null)
    }
  } finally {
    closeSync(file)
  }
  if (length > limit) throw new RangeError(`more than ${limit} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
}
