export { type Archive, type ArchiveFile, createArchive } from './archive/index.ts'
export {
  type BlobStore,
  type ObjectWriter,
  type OpenObject,
  StorageError,
  type StorageErrorCode,
  type StoredObject,
  type StoredPage,
} from './blob-store.ts'
export {
  createFilesystemSegments,
  createFilesystemStore,
  type FileSystem,
  type FilesystemStoreOptions,
  type OpenFile,
  systemFileSystem,
} from './filesystem/index.ts'
export { createMemorySegments, createMemoryStore } from './memory/index.ts'
export { digestOfKey } from './object-key.ts'
export type { SegmentStore } from './segment-store.ts'
export { streamOf } from './stream-of.ts'
export { measuredStore } from './wrap/index.ts'
