import {
  digestBytes,
  parseReference,
  parseRepositoryName,
  parseTag,
  RegistryError,
  type Digest,
  type Reference,
} from '../../src/oci/index.ts'
import type { UploadBody } from '../../src/registry/index.ts'
import { actor, type Ask, type Core } from './core.ts'
import { prepareUndo } from './undo-of-core.ts'
import { blobNumber, manifestNumber, sentBy, sessionOf, type World } from './world.ts'
import {
  isSurrounding,
  isUndo,
  isUpload,
  type Answer,
  type ManifestReference,
  type Operation,
  type OperationOf,
  type RepositoryOperation,
  type UploadOperation,
} from './operation.ts'

/**
 * What the core answers. The bytes that a request sends are decided from the world before it, whose turn comes afterwards: call
 * this before `answerOf`, and do not await in between.
 */
export async function answerOfCore(core: Core, world: World, operation: Operation): Promise<Answer> {
  const ask = prepare(core, world, operation)
  try {
    return { ok: (await ask()) ?? null }
  } catch (error) {
    if (error instanceof RegistryError) return { refused: error.code }
    throw error
  }
}

function prepare(core: Core, world: World, operation: Operation): Ask {
  if (isUpload(operation)) return prepareUpload(core, world, operation)
  if (isUndo(operation)) return prepareUndo(core, operation)
  if (!isSurrounding(operation)) return prepareOnRepository(core, operation)
  switch (operation.kind) {
    case 'wait':
      return async () => core.clock.advance(operation.ms)
    case 'restart':
      return async () => core.restart()
    case 'collect':
      return async () => {
        while ((await core.collector.collectDue(1_000)) > 0);
      }
    case 'damage':
      return () => core.damage(operation.digest, operation.how)
  }
}

function prepareUpload(core: Core, world: World, operation: UploadOperation): Ask {
  const { uploads } = core.registry
  if (operation.kind === 'push') {
    const { repository, blob, algorithm, as = blob } = operation
    const body = bodyOf(blobNumber(blob).bytes, undefined, undefined)
    return () => uploads.pushWhole(actor, parseRepositoryName(repository), blobNumber(as).digests[algorithm], body)
  }
  if (operation.kind === 'begin') {
    const number = world.begun.length
    return async () => {
      const { id, offset } = await uploads.begin(actor, parseRepositoryName(operation.repository))
      core.sessions[number] = id
      return offset
    }
  }
  const { id: number, begun } = sessionOf(world, operation.session)
  const id = core.sessions[number] ?? ''
  const elsewhere = 'elsewhere' in operation && operation.elsewhere === true
  const repository = parseRepositoryName(elsewhere ? 'b/elsewhere' : begun.repository)
  if (operation.kind === 'status') return async () => (await uploads.status(actor, repository, id)).offset
  if (operation.kind === 'cancel') return () => uploads.cancel(actor, repository, id)
  const { start, end, first, cutAfter } = sentBy(world, operation)
  const body = bodyOf(begun.blob.bytes.subarray(start, end), first, cutAfter)
  if (operation.kind === 'append') return async () => (await uploads.append(actor, repository, id, body)).offset
  const claimed = operation.as === undefined ? begun.blob : blobNumber(operation.as)
  return () => uploads.finish(actor, repository, id, claimed.digests[operation.algorithm], body)
}

function bodyOf(bytes: Uint8Array<ArrayBuffer>, first: number | undefined, cutAfter: number | undefined): UploadBody {
  const range = first === undefined ? undefined : { first, last: first + bytes.length - 1 }
  if (cutAfter === undefined) return { stream: new Blob([bytes]).stream(), length: bytes.length, range }
  let sent = false
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent) return controller.error(new Error('the connection broke'))
      sent = true
      controller.enqueue(bytes.subarray(0, cutAfter))
    },
  })
  return { stream, length: bytes.length, range }
}

function prepareOnRepository(core: Core, operation: RepositoryOperation): Ask {
  const { registry } = core
  if (operation.kind === 'repositories') return () => registry.lists.repositories(actor, pageOf(operation))
  if (operation.kind === 'put') return () => put(core, operation)
  if (operation.kind === 'get blob') return () => getBlob(core, operation)
  const repository = parseRepositoryName(operation.repository)
  switch (operation.kind) {
    case 'mount': {
      const from = operation.from === undefined ? undefined : parseRepositoryName(operation.from)
      return () => registry.uploads.mount(actor, repository, blobNumber(operation.blob).digests.sha256, from)
    }
    case 'get manifest':
      return async () => {
        const { bytes, ...described } = await registry.pull.manifest(actor, repository, referenceOf(operation.reference))
        return checked(described, bytes)
      }
    case 'stat manifest':
      return async () => await registry.pull.statManifest(actor, repository, referenceOf(operation.reference))
    case 'stat blob':
      return async () => await registry.pull.statBlob(actor, repository, operation.digest as Digest)
    case 'delete blob':
      return () => registry.deletes.blob(actor, repository, operation.digest as Digest)
    case 'delete manifest':
      return () => registry.deletes.manifest(actor, repository, referenceOf(operation.reference), operation.precondition)
    case 'tags':
      return () => registry.lists.tags(actor, repository, pageOf(operation))
    case 'referrers': {
      const page = { ...pageOf(operation), artifactType: operation.artifactType }
      return () => registry.lists.referrers(actor, repository, operation.subject as Digest, page)
    }
  }
}

async function put({ registry }: Core, operation: OperationOf<'put'>): Promise<unknown> {
  const { bytes, digests } = manifestNumber(operation.manifest)
  const { tag, algorithm, further, precondition } = operation
  const reference = referenceOf(tag === undefined ? { digest: digests[algorithm] } : { tag })
  const upload = { contentType: undefined, bytes, tags: further.map(parseTag), precondition }
  return await registry.push.manifest(actor, parseRepositoryName(operation.repository), reference, upload)
}

async function getBlob({ registry }: Core, operation: OperationOf<'get blob'>): Promise<unknown> {
  const blob = await registry.pull.blob(actor, parseRepositoryName(operation.repository), operation.digest as Digest)
  const opened = await blob.open()
  const described = { digest: blob.digest, size: blob.size }
  if (opened.kind === 'bytes') return checked(described, opened.bytes)
  if (opened.kind === 'redirect') throw new Error('a redirect')
  return checked(described, await new Response(opened.kind === 'file' ? opened.file : opened.stream).bytes())
}

interface Described {
  readonly digest: Digest
  readonly size: number
}

/** Digest or nothing. */
function checked<D extends Described>(described: D, bytes: Uint8Array): D {
  const { digest, size } = described
  const actual = digestBytes(bytes, digest.startsWith('sha256:') ? 'sha256' : 'sha512')
  if (actual !== digest || bytes.length !== size) throw new Error(`${bytes.length} bytes with the digest ${actual} for ${digest}`)
  return described
}

function referenceOf(reference: ManifestReference): Reference {
  return 'tag' in reference ? parseReference(reference.tag) : { kind: 'digest', digest: reference.digest as Digest }
}

function pageOf({ limit, last }: { readonly limit?: number; readonly last?: string }) {
  return { limit, last }
}
