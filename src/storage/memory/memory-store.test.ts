import { describeBlobStore } from '../blob-store.contract.ts'
import { createMemoryStore } from './memory-store.ts'

describeBlobStore('memory', {
  create: async () => ({ store: createMemoryStore(), reopen: createMemoryStore, dispose: async () => undefined }),
  skip: { reopen: 'memory ends with the process' },
})
