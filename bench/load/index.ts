export {
  type Artifact,
  artifactOf,
  type Content,
  contentOf,
  emptyConfig,
  manifestType,
  numberedBlob,
  numberedManifest,
  referrerOf,
} from './artifact.ts'
export { basic } from './basic.ts'
export { type Crew, openCrew, withCrew, type Work, workTogether } from './crew.ts'
export { hammer, type Nail, sampleEvery } from './hammer.ts'
export { type Answer, HttpConnection, type Request } from './http-connection.ts'
export { type LargeBlob, largeBlob, pushInChunks, pushStreamed, pushWhole, readLarge, wholeOf } from './large-blob.ts'
export { getJson } from './get-json.ts'
export { type Manner, openRegistryClient, type RegistryClient } from './registry-client.ts'
export { uploadTarget } from './upload-target.ts'
export { readSlowly, type SlowConnection, writeSlowly } from './slow-connection.ts'
