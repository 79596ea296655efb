import { type Content, manifestType } from './artifact.ts'
import type { Work } from './crew.ts'
import { openRegistryClient } from './registry-client.ts'
import { runWrk } from './wrk.ts'

/** Milliseconds between the answers that our own client reads and hashes meanwhile. */
export const sampleEvery = 50

export interface Nail {
  readonly port: number
  readonly repository: string
  readonly kind: 'manifests' | 'blobs'
  /** A tag, or the digest. */
  readonly reference: string
  /** What is to come. */
  readonly content: Content
  readonly connections: number
  /** Sent with every request. */
  readonly authorization?: string | undefined
}

/** wrk asks for one thing for some seconds, and our own client asks for it now and then and hashes what it gets. */
export async function hammer(nail: Nail, seconds: number): Promise<Work> {
  const { port, repository, kind, reference, content, connections, authorization } = nail
  const url = `http://127.0.0.1:${port}/v2/${repository}/${kind}/${reference}`
  const accept = kind === 'manifests' ? manifestType : '*/*'

  const sample = async (ended: AbortSignal): Promise<number> => {
    const client = await openRegistryClient(port, { authorization })
    let samples = 0
    try {
      while (!ended.aborted) {
        if (kind === 'manifests') await client.checkManifest(repository, reference, content)
        else await client.checkBlob(repository, content)
        samples++
        await Bun.sleep(sampleEvery)
      }
    } finally {
      client.close()
    }
    return samples
  }

  const ended = new AbortController()
  const wrk = runWrk({ url, accept, authorization, connections, seconds, bodySize: content.bytes.byteLength })
  const [result, samples] = await Promise.all([wrk.finally(() => ended.abort()), sample(ended.signal)])
  return { ...result, done: result.requests + samples, clientSeconds: result.cpuSeconds }
}
