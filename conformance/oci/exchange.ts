import type { Answer, SendOptions } from './answer.ts'

/** A request and its answer, as a report shows them: without credentials, long bodies cut. */
export interface Exchange {
  readonly request: string
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly sent: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly received: string
}

const shown = 600

export function describeExchange(method: string, url: string, { headers = {}, body }: SendOptions, answer: Answer): Exchange {
  return {
    request: `${method} ${url.length > shown ? `${url.slice(0, shown)}…` : url}`,
    requestHeaders: headers,
    sent: describeSent(body),
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    received: describeBody(Buffer.from(answer.bytes)),
  }
}

function describeSent(body: SendOptions['body']): string {
  if (body === undefined) return ''
  return body instanceof ReadableStream ? 'a stream' : describeBody(Buffer.from(body))
}

/** Text as it is, anything else as its size. */
function describeBody(bytes: Buffer): string {
  const start = bytes.subarray(0, shown).toString()
  if (/[^\t\n\r -\u{10fffd}]|\ufffd/u.test(start)) return `${bytes.length} bytes`
  return bytes.length > shown ? `${start}… (${bytes.length} bytes)` : start
}
