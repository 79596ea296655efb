import type { AccessDeps, Asked } from './answer-match.ts'
import type { Answer } from './answer.ts'
import { isManagementPath } from './management.ts'
import { answerOps, isOpsPath } from './ops.ts'
import type { Readiness } from './readiness.ts'
import { isTokenPath } from './token/token-endpoint.ts'

export { isOpsPath }

export interface BesideDeps {
  readonly readiness: Readiness
  readonly access?: AccessDeps | undefined
}

/** What is not under /v2/. */
export async function answerBeside(asked: Asked, { readiness, access }: BesideDeps): Promise<Answer> {
  const { request, target, caller, watch } = asked
  const { path, query } = target
  const { address } = caller.actor
  if (access?.tokens !== undefined && isTokenPath(path)) return await access.tokens.answer(path, { request, watch, query, address })
  if (access !== undefined && isManagementPath(path)) return await access.management.answer(asked)
  return await answerOps(request.method, path, readiness)
}
