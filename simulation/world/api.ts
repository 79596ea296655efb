import { parseRepositoryName, parseTag, RegistryError, type Digest, type Reference } from '../../src/oci/index.ts'
import type { Actor, Registry } from '../../src/registry/index.ts'
import type { Manifest } from '../rig/image.ts'
import { jobCalls } from './job-api.ts'
import { Lost, type Network, type Request, type RequestBody } from './network.ts'
import { lonelyPushes, repositoryCalls } from './repository-api.ts'
import { tagCalls, trashCalls } from './undo-api.ts'

/** What a client can ask of a registry, by name. Every call fails with Lost or Refused. */
export function createApi(network: Network, client: string) {
  const send = <Result>(request: Request<Result>): Promise<Result> => network.send(client, request)
  const actor: Actor = { identity: client, credential: undefined, address: '127.0.0.1' }
  return Object.freeze({
    ...blobCalls(send, actor),
    ...uploadCalls(send, actor),
    ...manifestCalls(send, actor),
    ...trashCalls(send, actor),
    ...tagCalls(send, actor),
    ...repositoryCalls(send, actor),
    ...lonelyPushes(send, actor),
    ...jobCalls(send, { identity: client, address: actor.address }),
  })
}

export type Api = ReturnType<typeof createApi>
export type Send = <Result>(request: Request<Result>) => Promise<Result>

/** A manifest with what it names. */
export interface Image extends Manifest {
  readonly children: readonly Digest[]
}

const name = parseRepositoryName
const byDigest = (digest: Digest): Reference => ({ kind: 'digest', digest })
const byTag = (tag: string): Reference => ({ kind: 'tag', tag: parseTag(tag) })

function blobCalls(send: Send, actor: Actor) {
  return {
    headBlob: (repository: string, digest: Digest) =>
      send({
        operation: 'blob.head',
        keys: { repository, digest },
        run: async ({ pull }) => (await pull.statBlob(actor, name(repository), digest)).size,
      }),
    /** `stall` comes between finding the row and opening the bytes. */
    getBlob: (repository: string, digest: Digest, stall: () => Promise<void>) =>
      send({ operation: 'blob.get', keys: { repository, digest }, once: true, run: (registry) => read(registry, actor, repository, digest, stall) }),
    mount: (repository: string, digest: Digest, from: string) =>
      send({
        operation: 'blob.mount',
        keys: { repository, digest, from },
        run: async ({ uploads }) => {
          if (!(await uploads.mount(actor, name(repository), digest, name(from)))) throw new RegistryError('BLOB_UNKNOWN')
        },
      }),
    deleteBlob: (repository: string, digest: Digest) =>
      send({
        operation: 'blob.delete',
        keys: { repository, digest },
        run: ({ deletes }) => deletes.blob(actor, name(repository), digest),
      }),
  }
}

/** The whole bytes. A transfer that breaks in between is lost, as a broken connection is. */
async function read(registry: Registry, actor: Actor, repository: string, digest: Digest, stall: () => Promise<void>): Promise<Uint8Array> {
  const blob = await registry.pull.blob(actor, name(repository), digest)
  await stall()
  const opened = await blob.open()
  if (opened.kind === 'bytes') return opened.bytes
  if (opened.kind !== 'file') throw new Error(`an object of the kind ${opened.kind}`)
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of opened.file.stream()) chunks.push(chunk)
  } catch (cause) {
    throw new Lost('the transfer broke', { cause })
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length !== opened.size) throw new Lost(`the transfer broke after ${bytes.length} of ${opened.size} bytes`)
  return bytes
}

function uploadCalls(send: Send, actor: Actor) {
  return {
    begin: (repository: string) =>
      send({
        operation: 'upload.begin',
        keys: { repository },
        run: async ({ uploads }) => (await uploads.begin(actor, name(repository))).id,
      }),
    status: (repository: string, upload: string) =>
      send({
        operation: 'upload.status',
        keys: { repository, upload },
        run: async ({ uploads }) => (await uploads.status(actor, name(repository), upload)).offset,
      }),
    append: (repository: string, upload: string, body: RequestBody) =>
      send({
        operation: 'upload.append',
        keys: { repository, upload },
        body,
        once: body.first === undefined,
        run: async ({ uploads }, sent) => (await uploads.append(actor, name(repository), upload, sent)).offset,
      }),
    finish: (repository: string, upload: string, digest: Digest, body: RequestBody | undefined) =>
      send({
        operation: 'upload.finish',
        keys: { repository, upload, digest },
        ...(body === undefined ? {} : { body }),
        run: ({ uploads }, sent) => uploads.finish(actor, name(repository), upload, digest, sent),
      }),
    whole: (repository: string, digest: Digest, body: RequestBody) =>
      send({
        operation: 'upload.whole',
        keys: { repository, digest },
        body,
        run: ({ uploads }, sent) => uploads.pushWhole(actor, name(repository), digest, sent),
      }),
  }
}

function manifestCalls(send: Send, actor: Actor) {
  return {
    headManifest: (repository: string, digest: Digest) =>
      send({
        operation: 'manifest.head',
        keys: { repository, digest },
        run: async ({ pull }) => (await pull.statManifest(actor, name(repository), byDigest(digest))).digest,
      }),
    getManifest: (repository: string, digest: Digest) =>
      send({
        operation: 'manifest.get',
        keys: { repository, digest },
        run: async ({ pull }) => (await pull.manifest(actor, name(repository), byDigest(digest))).bytes,
      }),
    readTag: (repository: string, tag: string) =>
      send({
        operation: 'manifest.get',
        keys: { repository, tags: [tag] },
        run: async ({ pull }) => (await pull.manifest(actor, name(repository), byTag(tag))).digest,
      }),
    /** By tag when there is one. A put that moves a tag must not come twice: it would be two writes. */
    putManifest: (repository: string, { digest, bytes, mediaType, children }: Image, tag: string | undefined) =>
      send({
        operation: 'manifest.put',
        keys: { repository, digest, tags: tag === undefined ? [] : [tag] },
        children,
        once: tag !== undefined,
        run: async ({ push }) => {
          const upload = { contentType: mediaType, bytes, tags: [] }
          const reference = tag === undefined ? byDigest(digest) : byTag(tag)
          return (await push.manifest(actor, name(repository), reference, upload)).digest
        },
      }),
    deleteManifest: (repository: string, digest: Digest) =>
      send({
        operation: 'manifest.delete',
        keys: { repository, digest },
        run: ({ deletes }) => deletes.manifest(actor, name(repository), byDigest(digest)),
      }),
  }
}
