export { type Archive, type ArchiveFile, createArchive } from './archive.ts'
