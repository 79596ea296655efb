export { type Artifact, artifactOf, type Content, emptyConfig, manifestType, numberedBlob } from './artifact.ts'
export { openRegistryClient, type RegistryClient } from './registry-client.ts'
export { runWrk } from './wrk.ts'
