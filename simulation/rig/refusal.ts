import { type Answer, type Client, createClient, type Message, Violation } from './client.ts'

/** The server said that it has no room, in the way it must. */
export class Refused extends Error {
  readonly status: number

  constructor({ request, status }: Answer) {
    super(`${request} was refused with ${status}`)
    this.name = 'Refused'
    this.status = status
  }
}

/**
 * A client that tells apart what a server on a full disk may say: 507 or 503 with Retry-After, as OCI JSON or a
 * problem of the management API, fails with Refused.
 * Any other server error, and a broken connection, fails with Violation: the process is alive and has to answer.
 */
export function createStrictClient(url: string): Client {
  const client = createClient(url)
  return Object.freeze({
    async send(method: string, path: string, message?: Message): Promise<Answer> {
      let answer
      try {
        answer = await client.send(method, path, message)
      } catch (error) {
        throw new Violation(error instanceof Error ? error.message : String(error))
      }
      if (answer.status < 500) return answer
      const problem = refusalProblem(answer)
      if (problem === undefined) throw new Refused(answer)
      throw new Violation(`${answer.request} answered ${answer.status}: ${problem}: ${textOf(answer)}`)
    },
  })
}

function refusalProblem(answer: Answer): string | undefined {
  if (answer.status !== 507 && answer.status !== 503) return 'neither 507 nor 503'
  if (!/^[1-9]\d*$/.test(answer.headers.get('retry-after') ?? '')) return 'no Retry-After'
  if (answer.request.startsWith('HEAD ')) return undefined
  if (answer.headers.get('content-type') === 'application/problem+json') {
    return typeof (JSON.parse(textOf(answer)) as { code?: unknown }).code === 'string' ? undefined : 'not a problem of the API'
  }
  if (answer.headers.get('content-type') !== 'application/json') return 'not JSON'
  const document = JSON.parse(textOf(answer)) as { errors?: { code?: unknown; message?: unknown }[] }
  const complete = document.errors?.every(({ code, message }) => typeof code === 'string' && typeof message === 'string')
  return complete === true ? undefined : 'not an OCI error'
}

function textOf({ bytes }: Answer): string {
  return new TextDecoder().decode(bytes)
}
