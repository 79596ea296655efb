import type { Registry } from '../registry/index.ts'
import { cachingPolicy } from './caching.ts'
import { createManifestMemory } from './manifest-memory.ts'
import { createRequestLimits, type RequestLimits, type RequestLimitsDeps } from './request-limits.ts'
import type { Api } from './v2/call.ts'

export interface ApiDeps extends RequestLimitsDeps {
  readonly registry: Registry
  /** `manifests`: bytes of memory for all large manifests that are being pushed. */
  readonly limits: Api['limits'] & RequestLimitsDeps['limits'] & { readonly manifests: number }
  /** Whether anybody may pull anything: only then may shared caches keep what is pulled. */
  readonly anonymousMayPull: boolean
}

/** What handlers get, and what keeps requests within their limits. */
export function boundedApi(deps: ApiDeps): { readonly api: Api; readonly requestLimits: RequestLimits } {
  const { registry, limits } = deps
  const requestLimits = createRequestLimits(deps)
  const manifestMemory = createManifestMemory(limits.manifests, () => requestLimits.shed('manifests'))
  return { api: Object.freeze({ registry, limits, manifestMemory, caching: cachingPolicy(deps.anonymousMayPull) }), requestLimits }
}
