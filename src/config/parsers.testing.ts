/** What the fuzzer reads with, beside what index.ts gives. */
export { parseAddress } from './address.ts'
export { distributionLayer, isDistributionFile } from './distribution/index.ts'
export { parseGoDuration } from './distribution/go-duration.ts'
export { fileLayer } from './file-layer.ts'
export { maskUrl } from './mask-url.ts'
export type { Layer } from './setting.ts'
export { parseYaml } from './yaml-text.ts'
