import { andThen, type Soon } from '../../lib/index.ts'
import { isPage, parseReference, parseRepositoryName, parseTag, type Reference, RegistryError, type RepositoryName, type Tag } from '../../oci/index.ts'
import type { ManifestDescription } from '../../registry/index.ts'
import { type Answer, emptyAnswer } from '../answer.ts'
import { collectBody } from '../body.ts'
import { type Caching, entityTag, isNotModified } from '../caching.ts'
import { parsePrecondition } from '../precondition.ts'
import { queryValues } from '../target.ts'
import { warningHeader } from '../warning.ts'
import type { Api, Call } from './call.ts'
import { legacyImage, variesByAccept } from './legacy-list.ts'
import { pushWarnings } from './push-warnings.ts'

/** The specification wants ten to work; more than this in one request is somebody's mistake. */
const mostTags = 64

/**
 * The stored bytes, whatever Accept says but for `legacyImage`: clients without one must be served, and 406 is an answer no client
 * expects.
 */
export function getManifest(api: Api, call: Call): Soon<Answer> {
  const { pull } = api.registry
  return answer(api, call, (repository, from) => pull.manifest(call.actor, repository, from), ({ bytes }) => bytes)
}

export function headManifest(api: Api, call: Call): Soon<Answer> {
  const { pull } = api.registry
  return answer(api, call, (repository, from) => pull.statManifest(call.actor, repository, from), () => null)
}

type Read<M> = (repository: RepositoryName, from: Reference) => Soon<M>

function answer<M extends ManifestDescription>(api: Api, call: Call, read: Read<M>, bodyOf: (manifest: M) => Answer['body']): Soon<Answer> {
  const repository = parseRepositoryName(call.name)
  const reference = parseLookup(call.last)
  return andThen(read(repository, reference), (stored) => {
    if (!variesByAccept(reference, stored)) return found(api, call, reference, stored, bodyOf)
    return forLegacyClients(api, call, repository, reference, stored, read, bodyOf)
  })
}

async function forLegacyClients<M extends ManifestDescription>(
  api: Api,
  call: Call,
  repository: RepositoryName,
  reference: Reference,
  stored: M,
  read: Read<M>,
  bodyOf: (manifest: M) => Answer['body'],
): Promise<Answer> {
  const image = await legacyImage(api, call, repository, reference, stored)
  const manifest = image === undefined ? stored : await read(repository, image)
  const answer = found(api, call, reference, manifest, bodyOf)
  answer.headers['vary'] = 'accept'
  return answer
}

function found<M extends ManifestDescription>(
  { caching }: Api,
  call: Call,
  reference: Reference,
  manifest: M,
  bodyOf: (manifest: M) => Answer['body'],
): Answer {
  const headers = manifestHeaders(manifest, reference, caching)
  if (isNotModified(call.request.headers.get('if-none-match'), headers.etag)) return notModified(headers)
  return { status: 200, headers, body: bodyOf(manifest), length: manifest.size }
}

export async function putManifest(api: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const reference = parseReference(call.last)
  const tags = reference.kind === 'digest' ? furtherTags(call.query) : []
  const precondition = parsePrecondition(call.request.headers)
  const contentType = call.request.headers.get('content-type') ?? undefined
  const pushed = await withBody(api, call, async (bytes) => {
    const actor = (await call.actorNow?.()) ?? call.actor
    return await api.registry.push.manifest(actor, repository, reference, { contentType, bytes, tags, precondition })
  })
  const headers: Record<string, string> = {
    location: `/v2/${repository}/manifests/${pushed.digest}`,
    'docker-content-digest': pushed.digest,
    'cache-control': 'no-store',
  }
  if (pushed.subject !== undefined) headers['oci-subject'] = pushed.subject
  if (tags.length > 0) headers['oci-tag'] = pushed.tags.join(', ')
  const warning = warningHeader(pushWarnings(pushed))
  if (warning !== undefined) headers['warning'] = warning
  return emptyAnswer(201, headers)
}

/** The bytes count as held until `use` is done with them. */
async function withBody<T>({ limits, manifestMemory }: Api, call: Call, use: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
  const share = manifestMemory.open()
  try {
    return await use(await collectBody(call, limits.manifest, share))
  } finally {
    share.close()
  }
}

export async function deleteManifest({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const precondition = parsePrecondition(call.request.headers)
  await registry.deletes.manifest(call.actor, repository, parseLookup(call.last), precondition)
  return emptyAnswer(202, { 'cache-control': 'no-store' })
}

/**
 * A reference to look something up. Nothing can be stored under a malformed tag, so asking for one is asking for what is
 * not there: 404, which clients probing for tags understand. A malformed digest is told as such.
 */
function parseLookup(text: string): Reference {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'TAG_INVALID') {
      throw new RegistryError('MANIFEST_UNKNOWN', { message: error.message, detail: error.detail })
    }
    throw error
  }
}

/** `?tag=a&tag=b` (distribution-spec, "Pushing Manifests"): only beside a digest; elsewhere it is an unknown parameter. */
function furtherTags(query: string): readonly Tag[] {
  if (query === '') return []
  const texts = new Set(queryValues(query, 'tag'))
  if (texts.size <= mostTags) return [...texts].map(parseTag)
  const message = `the address names too many tags; send at most ${mostTags} with one manifest`
  throw new RegistryError('TAGS_TOO_MANY', { message, detail: { limit: mostTags } })
}

interface ManifestHeaders extends Record<string, string> {
  etag: string
}

function manifestHeaders(manifest: ManifestDescription, reference: Reference, caching: Caching): ManifestHeaders {
  return {
    'content-type': headerSafe(manifest.mediaType),
    'docker-content-digest': manifest.digest,
    etag: entityTag(manifest.digest),
    'cache-control': reference.kind === 'digest' ? caching.byDigest : caching.byName,
  }
}

function notModified(headers: ManifestHeaders): Answer {
  delete headers['content-type']
  return emptyAnswer(304, headers)
}

/**
 * The media type may come out of the manifest's own JSON: one that cannot stand in a header is served as plain bytes, and so is
 * one that a browser would show, should one be stored.
 */
function headerSafe(mediaType: string): string {
  return /^[\x21-\x7e]+$/.test(mediaType) && !isPage(mediaType) ? mediaType : 'application/octet-stream'
}
