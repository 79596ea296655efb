export type { DirectoryEntry, FileSystem, OpenFile } from './file-system.ts'
export { createFilesystemSegments } from './filesystem-segments.ts'
export { createFilesystemStore, type FilesystemStoreOptions } from './filesystem-store.ts'
export { systemFileSystem } from './system-file-system.ts'
