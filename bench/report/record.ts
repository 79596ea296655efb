import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Results } from '../results.ts'
import { chartOf } from './chart.ts'
import { chartFile, renewPage } from './page.ts'

const docs = join(import.meta.dir, '../../docs')
const folder = join(docs, 'benchmarks')
const page = join(docs, 'benchmarks.md')
const recorded = join(folder, 'results.json')

/** Writes the page, its charts and the data they are drawn from. Returns what was written. */
export function record(results: Results): string[] {
  mkdirSync(folder, { recursive: true })
  const files: [string, string][] = [
    [recorded, `${JSON.stringify(results, null, 2)}\n`],
    ...results.workloads.map((one): [string, string] => [join(folder, chartFile(one)), chartOf(results, one)]),
    [page, renewPage(readFileSync(page, 'utf8'), results)],
  ]
  for (const [path, text] of files) writeFileSync(path, text)
  return files.map(([path]) => path)
}

/** What was recorded last. */
export function readRecorded(): Results {
  return JSON.parse(readFileSync(recorded, 'utf8')) as Results
}
