import { type Answer, textAnswer } from '../answer.ts'
import type { Api } from './call.ts'

/** GET /v2/: the API is here (distribution-spec, "Determining Support"). */
export function ping({ caching }: Api): Answer {
  return textAnswer(200, 'application/json', '{}', { 'cache-control': caching.byName })
}
