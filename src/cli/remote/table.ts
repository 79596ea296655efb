/** Lines of a table: a head, then a row for each item. What nobody chose is shown as `-`. */
export function tabulate(columns: readonly string[], items: readonly Readonly<Record<string, unknown>>[]): string {
  const head = columns.map((column) => column.replace(/[A-Z]/g, ' $&').toUpperCase())
  const rows = [head, ...items.map((item) => columns.map((column) => cell(item[column])))]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) => `${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ').trimEnd()}\n`).join('')
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(',')
  if (typeof value === 'object') return Object.values(value).map(cell).join(' ')
  return typeof value === 'string' ? readable(value) : JSON.stringify(value)
}

/** What a server sends must not move the cursor or forge a line. */
function readable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
