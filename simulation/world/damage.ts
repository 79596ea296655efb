import type { Digest } from '../../src/oci/index.ts'
import { isUnknown, pushBlob } from './blob-pusher.ts'
import { createClient, isPassing, ofDigest, type Client, type Workload } from './workload.ts'

/** Somebody reads it soon; what comes of it the ledger judges. */
export async function readDamaged(workload: Workload, repository: string, digest: Digest): Promise<void> {
  await read(createClient(workload, 'lea'), repository, digest)
}

/**
 * A process that has just served a blob knows of its file. That was damaged, and nobody has noticed: the blob is pushed to another
 * repository, which replaces the file for all that hold it. Whoever reads it in the first one must get the new file.
 */
export async function healUnseen(workload: Workload, repository: string, digest: Digest): Promise<void> {
  const { layers, pushed, repositories, scheduler } = workload
  const content = ofDigest([...layers, ...pushed.flatMap(({ contents }) => contents)], digest)
  if (content === undefined) return
  const client = createClient(workload, `mona ${scheduler.steps}`)
  const elsewhere = client.random.pick(repositories.filter((other) => other !== repository))
  await client.persist(`push ${content.name} elsewhere`, () => pushBlob(client, elsewhere, content))
  await read(client, repository, digest)
}

async function read({ api }: Client, repository: string, digest: Digest): Promise<void> {
  try {
    await api.getBlob(repository, digest, () => Promise.resolve())
  } catch (error) {
    if (!isUnknown(error) && !isPassing(error)) throw error
  }
}
