import { tabulate } from './table.ts'

/** What a verb answers, for programs. */
export function asJson(shown: unknown): string {
  return shown === undefined ? '' : `${JSON.stringify(shown, undefined, 2)}\n`
}

/** The same for people: a list as a table of `columns`, one thing as a line for each member. */
export function asTable(shown: unknown, columns?: readonly string[]): string {
  if (shown === undefined) return ''
  const items = (Array.isArray(shown) ? shown : [shown]) as readonly Readonly<Record<string, unknown>>[]
  if (columns !== undefined && Array.isArray(shown)) return tabulate(columns, items)
  return items.map((item) => tabulate(['name', 'value'], Object.entries(item).map(([name, value]) => ({ name, value })))).join('\n')
}
