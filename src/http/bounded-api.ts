import type { Registry } from '../registry/index.ts'
import { type Caching, cachingPolicy } from './caching.ts'
import { createManifestMemory } from './manifest-memory.ts'
import { createRequestLimits, type RequestLimits, type RequestLimitsDeps } from './request-limits.ts'
import type { Api } from './v2/call.ts'

export interface ApiDeps extends RequestLimitsDeps {
  readonly registry: Registry
  /** `manifests`: bytes of memory for all large manifests that are being pushed. */
  readonly limits: Api['limits'] & RequestLimitsDeps['limits'] & { readonly manifests: number }
}

export interface BoundedApi {
  /** What handlers get where anybody may pull: only then may shared caches keep what is pulled. */
  readonly openApi: Api
  /** What they get elsewhere. */
  readonly privateApi: Api
  readonly requestLimits: RequestLimits
}

/** What handlers get, and what keeps requests within their limits. */
export function boundedApi(deps: ApiDeps): BoundedApi {
  const { registry, limits } = deps
  const requestLimits = createRequestLimits(deps)
  const manifestMemory = createManifestMemory(limits.manifests, () => requestLimits.shed('manifests'))
  const apiWith = (caching: Caching): Api => Object.freeze({ registry, limits, manifestMemory, caching })
  return { openApi: apiWith(cachingPolicy(true)), privateApi: apiWith(cachingPolicy(false)), requestLimits }
}
