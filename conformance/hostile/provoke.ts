import { connect } from 'node:net'
import { parseAnswers, type RawAnswer } from './raw-answers.ts'

/** What a server made of a request. */
export interface Reaction {
  /** To the request: one final answer, or none when the connection was closed without a word. */
  readonly answers: readonly RawAnswer[]
  /** What became of the request that followed on the same connection. */
  readonly next: 'answered' | 'closed'
}

/** Milliseconds within which a server has to answer or to close. */
const patience = 20_000

const sentinel = 'GET /v2/Sentinel/tags/list HTTP/1.1\r\nHost: registry.test\r\n\r\n'

export interface Provocation {
  /** Whether the sending side ends behind the request, with nothing else sent. */
  readonly finish?: boolean
}

/**
 * Sends bytes on a connection of their own and, once they were answered, another request whose answer nothing else has. So it
 * shows when the server does not agree where the first one ended. (Not before: the runtime closes a connection on which the next
 * request comes while it waits for the program.)
 * @throws Error when what came is not whole answers, or when nothing happens
 */
export async function provoke(url: string, request: string, { finish = false }: Provocation = {}): Promise<Reaction> {
  const bytes = Buffer.from(request, 'latin1')
  const head = request.startsWith('HEAD ')
  const text = await converse(url, bytes, head, finish)
  const { answers, rest } = parseAnswers(text, head)
  if (rest !== '') throw new Error(`half an answer came: ${rest.slice(0, 500)}`)
  const last = answers.at(-1)
  if (last !== undefined && isSentinel(last)) return { answers: answers.slice(0, -1), next: 'answered' }
  return { answers, next: 'closed' }
}

function isSentinel({ body }: RawAnswer): boolean {
  return body.includes('"name":"Sentinel"')
}

/** All that came until the second request was answered, or the connection was closed. */
function converse(url: string, bytes: Uint8Array, head: boolean, finish: boolean): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let text = ''
    let asked = finish
    const socket = connect({ host: hostname, port: Number(port) })
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`neither an answer nor an end after ${patience / 1000} s, only: ${text.slice(0, 500)}`))
    }, patience)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const last = lastWhole(text, head)
      if (last === undefined || last.status < 200) return
      if (isSentinel(last)) end()
      else if (!asked) socket.write(sentinel)
      asked = true
    })
    // A reset is a way to close; what came before it counts.
    socket.on('error', end).on('close', end)
    socket.write(bytes)
    if (finish) socket.end()
  })
}

/** The last answer, if nothing follows it. */
function lastWhole(text: string, head: boolean): RawAnswer | undefined {
  try {
    const { answers, rest } = parseAnswers(text, head)
    return rest === '' ? answers.at(-1) : undefined
  } catch {
    // What is wrong with it is told when all has come.
    return undefined
  }
}
