import { type Artifact, openRegistryClient } from '../load/index.ts'
import type { Place } from './system.ts'

/** How a registry comes to hold an artifact. */
export async function pushArtifact({ port }: Place, repository: string, artifact: Artifact): Promise<void> {
  const client = await openRegistryClient(Number(port))
  try {
    await client.pushArtifact(repository, artifact)
  } finally {
    client.close()
  }
}
