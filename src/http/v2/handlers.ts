import type { Soon } from '../../lib/index.ts'
import { RegistryError } from '../../oci/index.ts'
import type { Answer } from '../answer.ts'
import { ping } from './ping.ts'
import { deleteBlob, getBlob, headBlob } from './blobs.ts'
import type { Api, Call, Handler } from './call.ts'
import { listRepositories } from './catalog.ts'
import { listExtensions } from './extensions.ts'
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts'
import type { Match } from './match.ts'
import { listReferrers } from './referrers.ts'
import { allowedMethods, findRoute, type Operation, paths } from './routes.ts'
import { listTags } from './tags.ts'
import { appendUpload, cancelUpload, finishUpload, startUpload, uploadStatus } from './uploads.ts'

/** A handler for each row of the route table. */
const handlers: Readonly<Record<Operation, Handler>> = Object.freeze({
  ping,
  listExtensions,
  listRepositories,
  getManifest,
  headManifest,
  putManifest,
  deleteManifest,
  getBlob,
  headBlob,
  deleteBlob,
  startUpload,
  uploadStatus,
  appendUpload,
  finishUpload,
  cancelUpload,
  listTags,
  listReferrers,
})

/** @throws RegistryError `METHOD_NOT_ALLOWED` with the methods that are, and whatever the handler throws */
export function handle(api: Api, match: Match, method: string, call: Call): Soon<Answer> {
  const route = findRoute(match.shape, method)
  if (route !== undefined) return handlers[route.operation](api, call)
  const allow = allowedMethods(match.shape)
  throw new RegistryError('METHOD_NOT_ALLOWED', { message: `${paths[match.shape]} supports only ${allow}`, headers: { allow } })
}
