import { test } from 'bun:test'
import { verdictOn } from './judge.ts'
import { provoke } from './provoke.ts'

/** What a client sends that means ill, or knows no better, and what it may get. */
export interface HostileCase {
  /** Where the odd thing stands, and what it is. */
  readonly name: string
  /** As it goes over the wire, a character a byte. */
  readonly request: string
  /**
   * What the answer may be: as `verdictOn` puts it, `closed` for none at all; several, parted by ` + `, where several must
   * come.
   */
  readonly answers: readonly string[]
  /** The sending side ends behind the request. */
  readonly finish?: boolean
}

/** The nearest request that is legal, which has to be served. */
export type Control = Pick<HostileCase, 'name' | 'request' | 'answers'>

/** Sends one case and says what came of it. */
export async function reactionTo(url: string, { request, finish = false }: HostileCase): Promise<string> {
  const { answers, next } = await provoke(url, request, { finish })
  const method = request.slice(0, request.indexOf(' '))
  const verdicts = answers.filter(({ status }) => status !== 100).map((answer) => verdictOn(answer, method))
  const ended = verdicts.findIndex((verdict) => verdict.endsWith(' bare'))
  const goesOn = ended !== -1 && (ended !== verdicts.length - 1 || next !== 'closed')
  if (goesOn) throw new Error('the connection goes on after a bare answer')
  return verdicts.length === 0 ? 'closed' : verdicts.join(' + ')
}

/** A test for each case, and one for each control. */
export function testCases(url: () => string, cases: readonly HostileCase[], controls: readonly Control[]): void {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    expectOneOf(await reactionTo(url(), one), one.answers)
  })

  test.each(controls.map((one) => [one.name, one] as const))('but: %s', async (_, one) => {
    expectOneOf(await reactionTo(url(), one), one.answers)
  })
}

/** Says what came in one line; a request of megabytes has no place in a report. */
export function expectOneOf(reaction: string, answers: readonly string[]): void {
  if (!answers.includes(reaction)) throw new Error(`${reaction} instead of ${answers.join(' or ')}`)
}

export const host = 'Host: registry.test\r\n'

/** A request without a body. */
export function requestLine(method: string, target: string, headers = ''): string {
  return `${method} ${target} HTTP/1.1\r\n${host}${headers}\r\n`
}

/** A request with a body and its length. `body` has a character a byte. */
export function requestWithBody(method: string, target: string, body: string, headers = ''): string {
  return requestLine(method, target, `${headers}Content-Length: ${body.length}\r\n`) + body
}
