import { open, stat } from 'node:fs/promises'

/** Files that others may replace while we run. */
export const watchedFiles = Object.freeze({
  /** The whole text. Fails when it is longer than so many bytes: what is named may be anything, a device without an end too. */
  async read(path: string, most: number): Promise<string> {
    const file = await open(path, 'r')
    try {
      const bytes = Buffer.alloc(most + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, null)
        length += bytesRead
        if (length > most) throw new Error(`the file is longer than ${most} bytes`)
        if (bytesRead === 0) return bytes.toString('utf8', 0, length)
      }
    } finally {
      await file.close()
    }
  },

  /** Another text whenever the file may hold something else. Follows links. Fails when there is no such file. */
  async stamp(path: string): Promise<string> {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  },
})
