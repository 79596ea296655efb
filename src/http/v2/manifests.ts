import { parseReference, parseRepositoryName, parseTag, type Reference, RegistryError, type Tag } from '../../oci/index.ts'
import type { ManifestDescription } from '../../registry/index.ts'
import { type Answer, emptyAnswer, errorAnswer } from '../answer.ts'
import { collectBody } from '../body.ts'
import { type Caching, entityTag, isNotModified } from '../caching.ts'
import { parsePrecondition } from '../precondition.ts'
import { queryValues } from '../target.ts'
import type { Api, Call } from './call.ts'

/** The specification wants ten to work; more than this in one request is somebody's mistake. */
const mostTags = 64

/** The stored bytes, whatever Accept says: clients without one must be served, and 406 is an answer no client expects. */
export async function getManifest({ registry, caching }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const reference = parseLookup(call.last)
  const manifest = await registry.pull.manifest(call.actor, repository, reference)
  const headers = manifestHeaders(manifest, reference, caching)
  if (isNotModified(call.request.headers.get('if-none-match'), headers.etag)) return notModified(headers)
  return { status: 200, headers, body: manifest.bytes, length: manifest.bytes.length }
}

export async function headManifest({ registry, caching }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const reference = parseLookup(call.last)
  const manifest = await registry.pull.statManifest(call.actor, repository, reference)
  const headers = manifestHeaders(manifest, reference, caching)
  if (isNotModified(call.request.headers.get('if-none-match'), headers.etag)) return notModified(headers)
  return { status: 200, headers, body: null, length: manifest.size }
}

export async function putManifest({ registry, limits }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const reference = parseReference(call.last)
  const tags = reference.kind === 'digest' ? furtherTags(call.query) : []
  if (tags.length > mostTags) return tooManyTags()
  const precondition = parsePrecondition(call.request.headers)
  const pushed = await registry.push.manifest(call.actor, repository, reference, {
    contentType: call.request.headers.get('content-type') ?? undefined,
    bytes: await collectBody(call.request, limits.manifest),
    tags,
    precondition,
  })
  const headers: Record<string, string> = {
    location: `/v2/${repository}/manifests/${pushed.digest}`,
    'docker-content-digest': pushed.digest,
    'cache-control': 'no-store',
  }
  if (pushed.subject !== undefined) headers['oci-subject'] = pushed.subject
  if (tags.length > 0) headers['oci-tag'] = pushed.tags.join(', ')
  return emptyAnswer(201, headers)
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
  return [...texts].map(parseTag)
}

function tooManyTags(): Answer {
  const message = `the address names too many tags; send at most ${mostTags} with one manifest`
  return errorAnswer(new RegistryError('TAG_INVALID', { message, detail: { limit: mostTags } }), 414)
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

/** The media type may come out of the manifest's own JSON: one that cannot stand in a header is served as plain bytes. */
function headerSafe(mediaType: string): string {
  return /^[\x21-\x7e]+$/.test(mediaType) ? mediaType : 'application/octet-stream'
}
