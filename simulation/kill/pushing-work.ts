import { baseLayers } from './shared-layers.ts'
import { writeImages } from './image-writer.ts'
import type { Work } from './work.ts'

/** Everything that was pushed stays, unless somebody deletes it: no lease ends, and there is no trash. */
export const pushingWork: Work = Object.freeze<Work>({
  // A short drain, so that the collector has files to delete whenever the server starts.
  settings: { BERTH_GC_DRAIN: '1s' },
  keepsUntagged: true,
  as: (client) => client,
  writersOfATag: 2,
  write: (load, { name }) => writeImages(load, baseLayers, name),
  verify: () => Promise.resolve(),
})
