import { type Artifact, type Content, contentOf, manifestType } from './artifact.ts'
import { type Answer, HttpConnection, type Request } from './http-connection.ts'
import { checkAcknowledged, uploadTarget } from './upload-target.ts'

/**
 * The distribution API over one connection, as a careful client uses it: every answer is checked, and one that is not as
 * specified rejects.
 */
export interface RegistryClient {
  /** Any request, rejected unless it is answered with this status. */
  ask(status: number, request: Request): Promise<Answer>
  /** POST and PUT, or nothing but the two: no HEAD before, since the benchmark knows what is new. */
  pushBlob(repository: string, blob: Content): Promise<void>
  /** @param reference a tag or the digest */
  pushManifest(repository: string, reference: string, manifest: Content): Promise<void>
  pushArtifact(repository: string, artifact: Artifact): Promise<void>
  /** Reads it back and compares the digest of what came. */
  checkManifest(repository: string, reference: string, manifest: Content): Promise<void>
  checkBlob(repository: string, blob: Content): Promise<void>
  close(): void
}

/** How a client speaks to a server. */
export interface Manner {
  /** Over TLS. */
  readonly tls?: boolean | undefined
  /** Sent with every request. */
  readonly authorization?: string | undefined
}

export async function openRegistryClient(port: number, { tls, authorization }: Manner = {}): Promise<RegistryClient> {
  const connection = await HttpConnection.open(port, tls)

  const ask = async (status: number, request: Request): Promise<Answer> => {
    const sent = authorization === undefined ? request : { ...request, headers: { Authorization: authorization, ...request.headers } }
    const answer = await connection.request(sent)
    if (answer.status === status) return answer
    const text = answer.body.toString().slice(0, 300)
    throw new Error(`${request.method} ${request.target}: status ${answer.status} instead of ${status}: ${text}`)
  }
  const pushed = async (content: Content, request: Request): Promise<void> => {
    checkAcknowledged(await ask(201, { ...request, body: content.bytes }), content.digest)
  }
  const read = async (content: Content, target: string): Promise<void> => {
    const { body } = await ask(200, { method: 'GET', target, headers: { Accept: `${manifestType}, */*` } })
    const actual = contentOf(body).digest
    if (actual === content.digest) return
    throw new Error(`${target}: ${body.byteLength} bytes with the digest ${actual}, not ${content.digest}`)
  }
  const pushBlob = async (repository: string, blob: Content): Promise<void> => {
    const { headers } = await ask(202, { method: 'POST', target: `/v2/${repository}/blobs/uploads/` })
    const target = uploadTarget(headers.get('location'), blob.digest)
    await pushed(blob, { method: 'PUT', target, headers: { 'Content-Type': 'application/octet-stream' } })
  }
  const pushManifest = async (repository: string, reference: string, manifest: Content): Promise<void> => {
    const target = `/v2/${repository}/manifests/${reference}`
    await pushed(manifest, { method: 'PUT', target, headers: { 'Content-Type': manifestType } })
  }

  return Object.freeze<RegistryClient>({
    ask,
    pushBlob,
    pushManifest,
    pushArtifact: async (repository, { manifest, blobs }) => {
      for (const blob of blobs) await pushBlob(repository, blob)
      await pushManifest(repository, manifest.digest, manifest)
    },
    checkManifest: async (repository, reference, manifest) => await read(manifest, `/v2/${repository}/manifests/${reference}`),
    checkBlob: async (repository, blob) => await read(blob, `/v2/${repository}/blobs/${blob.digest}`),
    close: () => connection.close(),
  })
}
