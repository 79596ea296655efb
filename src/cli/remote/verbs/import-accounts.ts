import type { Client } from '../../../client/index.ts'

/** What became of a line of the file. */
export interface ImportedLine {
  readonly line: number
  readonly name: string
  /** `imported`, or why not: `name`, `hash`, `cost`, `exists`. */
  readonly result: string
}

/** Bytes that go in one request: some hundred lines. */
const atOnce = 12 * 1024

/** Sends a file that htpasswd wrote, in parts. Accounts that are there stay as they are, so it may be sent again. */
export async function importInParts(client: Client, text: string): Promise<ImportedLine[]> {
  const results: ImportedLine[] = []
  for (const { first, lines } of partsOf(text.split('\n'))) {
    const { imported, skipped } = await client.call('importAccounts', { body: { htpasswd: lines.join('\n') } })
    const made = new Set(imported)
    const refused = new Map(skipped.map(({ line, reason }) => [line - 1, reason]))
    for (const [at, line] of lines.entries()) {
      const name = line.trim().split(':', 1)[0] ?? ''
      const result = refused.get(at) ?? (made.has(name) ? 'imported' : undefined)
      if (result !== undefined) results.push({ line: first + at, name, result })
    }
  }
  return results
}

function* partsOf(lines: readonly string[]): Generator<{ readonly first: number; readonly lines: readonly string[] }> {
  let part: string[] = []
  let size = 0
  let first = 1
  for (const [at, line] of lines.entries()) {
    const length = Buffer.byteLength(JSON.stringify(line))
    if (part.length > 0 && size + length > atOnce) {
      yield { first, lines: part }
      part = []
      size = 0
      first = at + 1
    }
    part.push(line)
    size += length
  }
  yield { first, lines: part }
}
