/** One answer as it came over the wire. Header names are in lower case. */
export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** As latin1, one character a byte. */
  readonly body: string
}

export interface ParsedAnswers {
  readonly answers: readonly RawAnswer[]
  /** What follows the last whole answer. */
  readonly rest: string
}

/**
 * Cuts what a server sent into answers, as strictly as the most suspicious proxy: each has one Content-Length, or none where none
 * may be.
 * @param head whether the first final answer is one to HEAD
 * @throws Error for what is no answer, and for a header that came twice
 */
export function parseAnswers(text: string, head: boolean): ParsedAnswers {
  const answers: RawAnswer[] = []
  let rest = text
  for (let bodiless = head; rest !== ''; ) {
    const parsed = parseAnswer(rest, bodiless)
    if (parsed === undefined) break
    answers.push(parsed.answer)
    if (parsed.answer.status >= 200) bodiless = false
    rest = parsed.rest
  }
  return { answers, rest }
}

function parseAnswer(text: string, bodiless: boolean): { readonly answer: RawAnswer; readonly rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) [A-Za-z -]+$/.exec(first)?.[1])
  if (Number.isNaN(status)) throw new Error(`not the beginning of an answer: ${first.slice(0, 200)}`)
  const headers = parseHeaders(lines)
  const announced = headers.get('content-length')
  const length = bodiless || announced === undefined ? 0 : Number(announced)
  const start = end + 4
  if (text.length < start + length) return undefined
  return { answer: { status, headers, body: text.slice(start, start + length) }, rest: text.slice(start + length) }
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([a-z0-9-]+): ([\x20-\x7e]*)$/i.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a header: ${line.slice(0, 200)}`)
    if (headers.has(name.toLowerCase())) throw new Error(`the header ${name} came twice`)
    headers.set(name.toLowerCase(), value)
  }
  return headers
}
