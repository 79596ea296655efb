import { createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import { hotConfig } from './hot-tags.ts'
import type { BaseLayers } from './load.ts'

/** Layers that many images have. */
export const baseLayers: BaseLayers = {
  repository: 'base/layers',
  layers: [1_000, 20_000, 40_000, 100_000, 300_000, 900_000].map((size) => createContent(`base ${size}`, size)),
}

/** What they are in from the beginning to the end. */
export const baseImage = { manifest: createManifest('base', hotConfig, baseLayers.layers), config: hotConfig, layers: baseLayers.layers }
