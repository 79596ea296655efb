export { createMemorySegments } from './memory-segments.ts'
export { createMemoryStore } from './memory-store.ts'
