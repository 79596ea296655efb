import { describeSegmentStore } from '../segment-store.contract.ts'
import { createMemorySegments } from './memory-segments.ts'

describeSegmentStore('memory', async () => ({ store: createMemorySegments(), dispose: async () => undefined }))
