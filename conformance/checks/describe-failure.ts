import type { Exchange } from '../oci/exchange.ts'
import type { Result } from './run-check.ts'

/** What a check found, and what was said, as text. */
export function describeFailure({ check, rule, section, outcome, reason = '', exchanges = [] }: Result): string {
  return [`${check}: ${outcome}`, `${rule} (${section})`, reason, ...exchanges.map(describeExchangeText)].join('\n\n')
}

/** As it went over the wire, but for what a report leaves out. */
export function describeExchangeText({ request, requestHeaders, sent, status, headers, received }: Exchange): string {
  const lines = (all: Readonly<Record<string, string>>) => Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [
    `> ${[request, ...lines(requestHeaders), sent].filter((line) => line !== '').join('\n> ')}`,
    `< ${[status, ...lines(headers), received].filter((line) => line !== '').join('\n< ')}`,
  ].join('\n')
}
