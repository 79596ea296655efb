import type { ErrorCode } from '../../oci/index.ts'
import type { Action } from '../../registry/index.ts'

/** The registry API has no words for the trash. */
type RouteAction = Exclude<Action, 'restore' | 'purge'>

/** What a path under /v2/ is shaped like; every endpoint is one of these and a method. */
export type Shape = 'base' | 'extensions' | 'catalog' | 'manifest' | 'blob' | 'uploads' | 'upload' | 'tags' | 'referrers'

export type Operation =
  | 'ping'
  | 'listExtensions'
  | 'listRepositories'
  | 'getManifest'
  | 'headManifest'
  | 'putManifest'
  | 'deleteManifest'
  | 'getBlob'
  | 'headBlob'
  | 'deleteBlob'
  | 'startUpload'
  | 'uploadStatus'
  | 'appendUpload'
  | 'finishUpload'
  | 'cancelUpload'
  | 'listTags'
  | 'listReferrers'

/** One endpoint of the API (distribution-spec, "Endpoints"). */
export interface Route {
  readonly operation: Operation
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly shape: Shape
  /** What the caller must be allowed to do; absent where no right is needed. */
  readonly action: RouteAction | undefined
  readonly success: readonly number[]
  /** Besides REQUEST_INVALID, NAME_INVALID, DENIED, TOOMANYREQUESTS, UNAVAILABLE and UNKNOWN, which any of them may answer. */
  readonly failures: readonly ErrorCode[]
}

/** The paths behind the shapes as people write them. */
export const paths: Readonly<Record<Shape, string>> = Object.freeze({
  base: '/v2/',
  extensions: '/v2/_oci/ext/discover',
  catalog: '/v2/_catalog',
  manifest: '/v2/<name>/manifests/<tag or digest>',
  blob: '/v2/<name>/blobs/<digest>',
  uploads: '/v2/<name>/blobs/uploads/',
  upload: '/v2/<name>/blobs/uploads/<id>',
  tags: '/v2/<name>/tags/list',
  referrers: '/v2/<name>/referrers/<digest>',
})

const manifestMissing = ['NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'DIGEST_INVALID'] as const
const blobMissing = ['NAME_UNKNOWN', 'BLOB_UNKNOWN', 'DIGEST_INVALID'] as const
const written = ['DIGEST_INVALID', 'SIZE_INVALID', 'BODY_TIMEOUT', 'STORAGE_FULL', 'CODING_UNSUPPORTED'] as const
const appended = [...written, 'BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID', 'RANGE_INVALID'] as const

/** The table of the API. */
export const routes: readonly Route[] = Object.freeze([
  row('ping', 'GET', 'base', undefined, [200], []),
  row('listExtensions', 'GET', 'extensions', undefined, [200], []),
  row('listRepositories', 'GET', 'catalog', 'list', [200], ['PAGINATION_NUMBER_INVALID']),
  row('getManifest', 'GET', 'manifest', 'pull', [200, 304], manifestMissing),
  row('headManifest', 'HEAD', 'manifest', 'pull', [200, 304], manifestMissing),
  row('putManifest', 'PUT', 'manifest', 'push', [201], [
    ...written, 'MANIFEST_INVALID', 'MANIFEST_BLOB_UNKNOWN', 'MANIFEST_TOO_LARGE', 'TAG_INVALID', 'TAGS_TOO_MANY',
  ]),
  row('deleteManifest', 'DELETE', 'manifest', 'delete', [202], manifestMissing),
  row('getBlob', 'GET', 'blob', 'pull', [200, 206, 304, 307], [...blobMissing, 'RANGE_INVALID']),
  row('headBlob', 'HEAD', 'blob', 'pull', [200, 304], blobMissing),
  row('deleteBlob', 'DELETE', 'blob', 'delete', [202], blobMissing),
  row('startUpload', 'POST', 'uploads', 'push', [201, 202], written),
  row('uploadStatus', 'GET', 'upload', 'push', [204], ['BLOB_UPLOAD_UNKNOWN']),
  row('appendUpload', 'PATCH', 'upload', 'push', [202], appended),
  row('finishUpload', 'PUT', 'upload', 'push', [201], appended),
  row('cancelUpload', 'DELETE', 'upload', 'push', [204], ['BLOB_UPLOAD_UNKNOWN']),
  row('listTags', 'GET', 'tags', 'pull', [200], ['NAME_UNKNOWN', 'PAGINATION_NUMBER_INVALID']),
  row('listReferrers', 'GET', 'referrers', 'pull', [200], ['NAME_UNKNOWN', 'DIGEST_INVALID', 'PAGINATION_NUMBER_INVALID']),
])

function row(
  operation: Operation,
  method: Route['method'],
  shape: Shape,
  action: RouteAction | undefined,
  success: readonly number[],
  failures: readonly ErrorCode[],
): Route {
  return Object.freeze({ operation, method, shape, action, success, failures })
}

/** shape -> method -> route. HEAD is the GET without its body wherever it has no row of its own (RFC 9110, section 9.3.2). */
const byMethod = new Map<Shape, Map<string, Route>>()
for (const route of routes) {
  const methods = byMethod.get(route.shape) ?? new Map<string, Route>()
  byMethod.set(route.shape, methods.set(route.method, route))
}
for (const methods of byMethod.values()) {
  const get = methods.get('GET')
  if (get !== undefined && !methods.has('HEAD')) methods.set('HEAD', get)
}

export function findRoute(shape: Shape, method: string): Route | undefined {
  return byMethod.get(shape)?.get(method)
}

/** The value of an `Allow` header. */
export function allowedMethods(shape: Shape): string {
  return [...(byMethod.get(shape)?.keys() ?? [])].sort().join(', ')
}
