import type { OpenObject } from './blob-store.ts'

/** The bytes of an opened object; absent when they are elsewhere. */
export function streamOf(opened: OpenObject): ReadableStream<Uint8Array> | undefined {
  switch (opened.kind) {
    case 'file':
      return opened.file.stream()
    case 'stream':
      return opened.stream
    case 'bytes':
      return new Blob([opened.bytes]).stream()
    case 'redirect':
      return undefined
  }
}
