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
  createFilesystemStore,
  type FileSystem,
  type FilesystemStoreOptions,
  type OpenFile,
  systemFileSystem,
} from './filesystem/index.ts'
export { createMemoryStore } from './memory/index.ts'
export { streamOf } from './stream-of.ts'
