import {
  type Digest,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
  parseRepositoryName,
  RegistryError,
  type RepositoryName,
} from '../../oci/index.ts'
import type { UploadStatus } from '../../registry/index.ts'
import { type Answer, emptyAnswer } from '../answer.ts'
import { uploadBody } from '../body.ts'
import { queryValue } from '../target.ts'
import type { Api, Call } from './call.ts'

/**
 * POST .../blobs/uploads/ begins every way to push a blob (distribution-spec, "Pushing blobs"): a mount, a whole blob in one
 * request, or a session. A mount that does not work out for whatever reason, bad parameters too, becomes one of the others.
 */
export async function startUpload(api: Api, call: Call): Promise<Answer> {
  const { registry } = api
  const repository = parseRepositoryName(call.name)
  const mounted = await mount(api, call, repository)
  if (mounted !== undefined) return created(repository, mounted)
  const algorithm = queryValue(call.query, 'digest-algorithm')
  if (algorithm !== undefined) parseDigestAlgorithm(algorithm)
  const digest = queryValue(call.query, 'digest')
  if (digest === undefined) return accepted(repository, await registry.uploads.begin(call.actor, repository))
  const whole = parseDigest(digest)
  await registry.uploads.pushWhole(call.actor, repository, whole, uploadBody(call.request, call.watch))
  return created(repository, whole)
}

/** @returns the digest when the blob is now linked here */
async function mount({ registry }: Api, call: Call, repository: RepositoryName): Promise<Digest | undefined> {
  const digest = queryValue(call.query, 'mount')
  if (digest === undefined || !isDigest(digest)) return undefined
  const source = queryValue(call.query, 'from')
  const from = source === undefined ? undefined : lenientName(source)
  if (source !== undefined && from === undefined) return undefined
  return (await registry.uploads.mount(call.actor, repository, digest, from)) ? digest : undefined
}

function lenientName(text: string): RepositoryName | undefined {
  try {
    return parseRepositoryName(text)
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

export async function uploadStatus({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const status = await registry.uploads.status(call.actor, repository, call.last)
  return emptyAnswer(204, statusHeaders(repository, status))
}

/** A body without Content-Range goes to the end of what is there; with one it must begin exactly there. */
export async function appendUpload({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const id = call.last
  return await tellingPosition(repository, id, async () =>
    accepted(repository, await registry.uploads.append(call.actor, repository, id, uploadBody(call.request, call.watch))),
  )
}

export async function finishUpload({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const id = call.last
  const text = queryValue(call.query, 'digest')
  if (text === undefined) throw digestMissing()
  const digest = parseDigest(text)
  return await tellingPosition(repository, id, async () => {
    await registry.uploads.finish(call.actor, repository, id, digest, uploadBody(call.request, call.watch))
    return created(repository, digest)
  })
}

export async function cancelUpload({ registry }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  await registry.uploads.cancel(call.actor, repository, call.last)
  return emptyAnswer(204, { 'docker-upload-uuid': uuidOf(call.last), 'cache-control': 'no-store' })
}

function digestMissing(): RegistryError {
  return new RegistryError('DIGEST_INVALID', { message: 'the digest is missing: end the upload with ?digest=<digest>' })
}

function accepted(repository: RepositoryName, status: UploadStatus): Answer {
  return emptyAnswer(202, statusHeaders(repository, status))
}

function created(repository: RepositoryName, digest: Digest): Answer {
  return emptyAnswer(201, {
    location: `/v2/${repository}/blobs/${digest}`,
    'docker-content-digest': digest,
    'cache-control': 'no-store',
  })
}

/**
 * Where a session stands. `Range` is inclusive and without a unit, since docker reads it with "%d-%d"; an empty session has
 * no such range, and `0-0` is what clients expect there. `Location` is path-absolute and never changes, so that it works
 * behind any proxy and an old one still finds the session.
 */
function statusHeaders(repository: RepositoryName, { id, offset }: UploadStatus): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(offset - 1, 0)}`,
    'docker-upload-uuid': uuidOf(id),
    'cache-control': 'no-store',
  }
}

/** Of the name of a session: what the reference registry calls it, and logs of clients show. */
function uuidOf(id: string): string {
  return id.split('.', 1)[0] ?? id
}

/**
 * A chunk in the wrong place answers 416 with the right place, from which clients recover without asking. The session is named as
 * the client named it: what refuses in the database knows only a part of that name.
 */
async function tellingPosition(repository: RepositoryName, id: string, step: () => Promise<Answer>): Promise<Answer> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'RANGE_INVALID' || !hasOffset(error.detail)) throw error
    const { message, cause } = error
    const status = { id, offset: error.detail.offset }
    throw new RegistryError('RANGE_INVALID', { message, detail: status, cause, headers: statusHeaders(repository, status) })
  }
}

function hasOffset(detail: unknown): detail is Pick<UploadStatus, 'offset'> {
  return typeof detail === 'object' && detail !== null && 'offset' in detail && typeof detail.offset === 'number'
}
