import type { Target } from '../target.ts'
import { configuration } from './configuration.ts'
import { headers } from './headers.ts'
import { manifests } from './manifests.ts'
import { names } from './names.ts'
import { proxyHeaders } from './proxy-headers.ts'
import { requests } from './requests.ts'

/** Everything that reads what comes from outside. */
export const targets: readonly Target[] = [...names, ...headers, ...requests, ...proxyHeaders, ...manifests, ...configuration]
