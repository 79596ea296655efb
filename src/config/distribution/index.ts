export { isDistributionFile, variablePrefix } from './entries.ts'
export { type DistributionKey, distributionKeys } from './keys.ts'
export { distributionLayer, variableOf } from './layer.ts'
