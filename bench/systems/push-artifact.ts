import { type Artifact, basic, openRegistryClient } from '../load/index.ts'
import type { Place } from './system.ts'

/** How a registry comes to hold an artifact. */
export async function pushArtifact({ port, login }: Place, repository: string, artifact: Artifact, tag?: string): Promise<void> {
  const client = await openRegistryClient(Number(port), login === undefined ? {} : { authorization: basic(login) })
  try {
    await client.pushArtifact(repository, artifact)
    if (tag !== undefined) await client.pushManifest(repository, tag, artifact.manifest)
  } finally {
    client.close()
  }
}
