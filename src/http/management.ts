import { apiCaller } from '../access/index.ts'
import { type Api, type ApiAnswer, eventStreamType, root } from '../api/index.ts'
import { andThen } from '../lib/index.ts'
import type { Answer } from './answer.ts'
import type { Asked } from './answer-match.ts'
import { collectBody, discardRest } from './body.ts'
import type { Gate } from './gate.ts'
import type { MemoryShare } from './manifest-memory.ts'

export interface ManagementDeps {
  readonly api: Api
  readonly gate: Gate
}

/** Answers the management API, with the limits, ids and log lines of every request. */
export interface Management {
  answer(asked: Asked): Promise<Answer>
}

export function isManagementPath(path: string): boolean {
  return path.startsWith(`${root}/`)
}

/** What the API takes fits into the memory that every request has. */
const noFurtherMemory: MemoryShare = Object.freeze({
  grow: () => {
    throw new Error('a body of the management API needs no memory of manifests')
  },
  close: () => undefined,
})

export function createManagement({ api, gate }: ManagementDeps): Management {
  async function answer(asked: Asked): Promise<Answer> {
    asked.running.is('api')
    const { request, secure, target, watch, id, caller } = asked
    const challenged = { request, secure, match: undefined, query: target.query }
    const { address } = caller.actor
    const answered = await api.fetch(request, {
      id,
      enter: () =>
        andThen(gate.enter(challenged, address), (known) => {
          asked.caller = known
          return apiCaller(known.principal, known.actor.credential, address)
        }),
      challenge: () => `Basic realm="Berth", ${gate.challenge(challenged)}`,
      readBody: (limit) => collectBody({ request, watch }, limit, noFurtherMemory),
    })
    if (answered.response.status >= 400) await discardRest(asked)
    return await answerOf(answered, request.method)
  }

  return Object.freeze({ answer })
}

async function answerOf({ response, code }: ApiAnswer, method: string): Promise<Answer> {
  const headers = Object.fromEntries(response.headers)
  if (headers['content-type'] === eventStreamType) {
    // Nobody will read it.
    if (method === 'HEAD') await response.body?.cancel()
    return { status: response.status, headers, body: method === 'HEAD' ? null : response.body, length: 0, goesOn: true }
  }
  const body = await response.text()
  const length = Buffer.byteLength(body)
  return { status: response.status, headers, body: body === '' ? null : body, length, ...(code === undefined ? {} : { code }) }
}
